//! The timeline: every recorded change, newest first, one line each.

mod activity_strip;
mod chips;
mod condition_words;
mod empty;
mod filter_fields;
mod filter_form;
mod load;
mod mistake;
mod presets;
mod query;
mod result;
mod title;
mod view;

use http::StatusCode;
use leptos::prelude::IntoView;
use threadline::TableName;
use threadline::query::{
    Activity, Count, EmptyResult, Filter, Page as PageOfLines, Position, Sentence, SnapshotMark,
    TimelineLine, UnsearchedColumns,
};

pub use query::TimelineQuery;

use crate::components::{CaptureGaps, NearValue, PAGED_LIST};
use crate::{Mentions, Page, PageContext, PageError, RequestContext};

/// The timeline.
#[derive(Debug, Clone)]
pub struct TimelinePage {
    /// The pairs of the filter as they were typed, for the form.
    typed: Vec<(String, String)>,
    /// The tables that the form suggests.
    tables: Vec<TableName>,
    /// The changes, or the reason why the filter cannot be used.
    result: Result<FoundChanges, InvalidFilter>,
}

/// The changes of one page.
#[derive(Debug, Clone)]
struct FoundChanges {
    filter: Filter,
    position: Position,
    page: PageOfLines<TimelineLine>,
    /// The numbers of changes over time, on the first page, where they are cheap to count.
    activity: Option<Activity>,
    /// The number of matching changes, unless counting took too long.
    count: Option<Count>,
    /// True if the trail holds any change at all.
    has_changes: bool,
    /// The reason why there are no changes, if there are none and it is known.
    explained: Option<EmptyResult>,
    /// The gaps in capture in the period of the page.
    gaps: CaptureGaps,
    /// The columns whose values were not searched, if the filter has a value.
    unsearched: Vec<UnsearchedColumns>,
    /// The mark of the snapshot that the page was read from, if the page can grow.
    mark: Option<SnapshotMark>,
}

/// A key of the filter whose value cannot be used.
#[derive(Debug, Clone)]
struct InvalidFilter {
    key: String,
    /// A sentence that says what is wrong with it.
    message: Sentence,
    /// The hint beside the field of the key.
    hint: String,
    /// The values that were probably meant.
    near: Vec<NearValue>,
}

impl Page for TimelinePage {
    type Query = TimelineQuery;

    async fn load(context: &RequestContext, query: TimelineQuery) -> Result<Self, PageError> {
        load::load(context, query).await
    }

    fn status(&self) -> StatusCode {
        if self.result.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST }
    }

    fn title(&self, context: &PageContext) -> String {
        match &self.result {
            Ok(found) => title::title(context.names(), &found.filter),
            Err(_) => "Timeline".to_owned(),
        }
    }

    fn mention(&self, mentions: &mut Mentions) {
        self.result.iter().flat_map(|found| &found.page.entries).for_each(|line| mentions.line(line));
    }

    fn list(&self) -> Option<&'static str> {
        let has_lines = self.result.as_ref().is_ok_and(|found| !found.page.entries.is_empty());
        has_lines.then_some(PAGED_LIST)
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        view::view(self, context)
    }
}
