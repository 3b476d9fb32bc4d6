//! The search: what people know, such as a number, a person, an id or a value, leads to where it is recorded.

mod load;
mod qualifiers;
mod query;
mod view;

use chrono::{DateTime, Utc};
use leptos::prelude::IntoView;
use threadline::TableName;
use threadline::query::{ActorFilter, Count, Filter, RowKey, TimelineEntry, TimelineLine, UnsearchedColumns};

use self::query::SearchQuery;
use crate::{Mentions, Page, PageContext, PageError, RequestContext};

/// The results of a search.
#[derive(Debug, Default)]
pub(super) struct SearchPage {
    /// The text, without blanks at its ends. Nothing is searched for a blank one.
    text: String,
    found: Found,
    /// The newest changes with the text in a value; `None` if the search failed or took too long.
    values: Option<FoundValues>,
}

/// What the text names exactly.
#[derive(Debug, Default)]
struct Found {
    records: Vec<Record>,
    /// The number of captured tables whose records were not searched.
    tables_left_out: usize,
    actors: Vec<Actor>,
    /// The filters for a correlation id and a request id.
    requests: Vec<Filter>,
    /// The address of a transaction.
    transaction: Option<String>,
}

/// A record with the key that was typed.
#[derive(Debug)]
struct Record {
    table: TableName,
    key: RowKey,
    /// Its newest change.
    newest: TimelineEntry,
}

/// An actor whose id is the text, or near to it.
#[derive(Debug)]
struct Actor {
    actor: ActorFilter,
    count: Option<Count>,
    /// True if the text is the id.
    is_exact: bool,
}

/// Changes with the text in a value.
#[derive(Debug)]
struct FoundValues {
    filter: Filter,
    lines: Vec<TimelineLine>,
    /// True if there may be more.
    has_more: bool,
    /// The moment back to which values were searched, if that was not the whole window.
    searched_to: Option<DateTime<Utc>>,
    /// The columns that are not recorded, and were therefore not searched.
    unsearched: Vec<UnsearchedColumns>,
}

impl SearchPage {
    fn entries(&self) -> impl Iterator<Item = &TimelineEntry> {
        self.found.records.iter().map(|record| &record.newest)
    }
}

impl Page for SearchPage {
    type Query = SearchQuery;

    async fn load(context: &RequestContext, query: SearchQuery) -> Result<Self, PageError> {
        load::load(context, query).await
    }

    fn title(&self, _: &PageContext) -> String {
        if self.text.is_empty() { "Search".to_owned() } else { format!("{} · Search", self.text) }
    }

    fn mention(&self, mentions: &mut Mentions) {
        self.entries().for_each(|entry| mentions.entry(entry));
        self.values.iter().flat_map(|values| &values.lines).for_each(|line| mentions.line(line));
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        view::view(self, &context)
    }
}
