//! The search: what people know, such as a number, a person, an id or a value, leads to where it is recorded.

mod found;
mod load;
mod query;
mod suggestions;
mod view;

use chrono::{DateTime, Utc};
use leptos::prelude::IntoView;
use threadline::query::{Filter, TimelineLine, UnsearchedColumns};

use self::found::{Found, Record};
use self::query::SearchQuery;
pub use self::suggestions::Suggestions;
use crate::{Mentions, Page, PageContext, PageError, RequestContext};

/// The results of a search.
#[derive(Debug, Default)]
pub(super) struct SearchPage {
    /// The text, without blanks at its ends. Nothing is searched for a blank one.
    text: String,
    found: Found,
    /// The records whose label contained the text, by recent changes.
    labelled: Vec<Record>,
    /// The newest changes with the text in a value; `None` if the search failed or took too long.
    values: Option<FoundValues>,
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

impl Page for SearchPage {
    type Query = SearchQuery;

    async fn load(context: &RequestContext, query: SearchQuery) -> Result<Self, PageError> {
        load::load(context, query).await
    }

    fn title(&self, _: &PageContext) -> String {
        if self.text.is_empty() { "Search".to_owned() } else { format!("{} · Search", self.text) }
    }

    fn mention(&self, mentions: &mut Mentions) {
        self.found.mention(mentions);
        self.labelled.iter().for_each(|record| mentions.entry(&record.entry));
        self.values.iter().flat_map(|values| &values.lines).for_each(|line| mentions.line(line));
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        view::view(self, &context)
    }
}
