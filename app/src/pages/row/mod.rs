//! The history of one row, the row as it was at a time, and two of its versions compared.

mod address;
mod as_of;
mod compare;
mod differences;
mod field_links;
mod load;
mod query;
mod state;
mod times;
mod versions;
mod view;

use chrono::{DateTime, Utc};
use http::StatusCode;
use leptos::either::Either;
use leptos::prelude::IntoView;
use threadline::TableName;
use threadline::query::{
    AsOf, Comparison, Cursor, EmptyResult, FieldCounts, Filter, Page as PageOfVersions, Position, RowKey,
    TimelineEntry,
};

use self::query::RowQuery;
use super::find_row::{FindRowPage, RowField};
use crate::components::{CHANGE_LIST, CaptureGaps};
use crate::{Mentions, Page, PageContext, PageError, RequestContext};

/// The page at the address of a row.
#[derive(Debug)]
pub(super) enum RowPage {
    /// The history of the row.
    History(Box<RowHistory>),
    /// The form that finds a row, because the address names none.
    Find(FindRowPage, StatusCode),
}

/// The history of a row.
#[derive(Debug)]
pub(super) struct RowHistory {
    table: TableName,
    key: RowKey,
    /// The filter of the list: only `from`, `to` and `field`.
    filter: Filter,
    position: Position,
    /// The versions of this part of the list, newest first.
    versions: PageOfVersions<TimelineEntry>,
    /// The number of versions that changed each field, in the time window; `None` if counting took too long.
    field_counts: Option<FieldCounts>,
    /// The reason why no version changed the field of the filter.
    explained: Option<EmptyResult>,
    /// The gaps in capture in the period of the list.
    gaps: CaptureGaps,
    /// The present state of the row.
    latest: AsOf,
    /// The key that was probably meant, if nothing is known of this row.
    near: Option<RowKey>,
    /// The time of the first recorded change of the table, if nothing is known of this row.
    table_begins: Option<DateTime<Utc>>,
    /// The row at a time, if the address asks for it.
    as_of: Option<AsOfResult>,
    /// Two versions compared, if the address asks for it.
    comparison: Option<CompareResult>,
}

/// The row at the time in the address.
#[derive(Debug)]
struct AsOfResult {
    /// The row then, or a sentence that says why there is no result.
    result: Result<RowAsOf, String>,
}

/// The row at a time.
#[derive(Debug)]
struct RowAsOf {
    at: DateTime<Utc>,
    row: AsOf,
    /// The first version that is recorded, if the time is before it.
    first: Option<TimelineEntry>,
    /// The time of the next version, if there is one.
    next: Option<DateTime<Utc>>,
    /// The gaps in capture between this version and the time, in which the row may have changed.
    gaps: CaptureGaps,
}

/// The versions at the two times in the address.
#[derive(Debug)]
struct CompareResult {
    /// The times as they were typed: the side on the left, and the one on the right.
    typed: [String; 2],
    /// The comparison, or which side has no result and a sentence that says why.
    result: Result<ComparedVersions, (usize, String)>,
}

/// A row at two times.
#[derive(Debug)]
struct ComparedVersions {
    /// The times: left and right, in either order.
    at: [DateTime<Utc>; 2],
    /// The differences, from the earlier to the later time.
    comparison: Comparison,
}

impl RowHistory {
    /// Returns every change that the page shows.
    fn shown_entries(&self) -> impl Iterator<Item = &TimelineEntry> {
        let as_of = self.as_of.as_ref().and_then(|as_of| as_of.result.as_ref().ok());
        let as_of = as_of.into_iter().flat_map(|then| then.row.entry().into_iter().chain(&then.first));
        let compared = self.comparison.as_ref().and_then(|compared| compared.result.as_ref().ok());
        let compared = compared.into_iter().flat_map(|ComparedVersions { comparison, .. }| {
            [&comparison.before, &comparison.after].into_iter().filter_map(|side| side.entry())
        });
        self.latest.entry().into_iter().chain(&self.versions.entries).chain(as_of).chain(compared)
    }
}

impl AsOfResult {
    /// Returns the version that is shown.
    fn shown(&self) -> Option<Cursor> {
        match &self.result.as_ref().ok()?.row {
            AsOf::Present(entry) | AsOf::Uncertain { entry, .. } => Some(entry.change.cursor()),
            AsOf::Deleted(_) | AsOf::Moved(_) | AsOf::BeforeHorizon => None,
        }
    }
}

impl From<FindRowPage> for RowPage {
    fn from(form: FindRowPage) -> Self {
        let status = Page::status(&form);
        Self::Find(form, status)
    }
}

impl Page for RowPage {
    type Query = RowQuery;

    async fn load(context: &RequestContext, query: RowQuery) -> Result<Self, PageError> {
        load::load(context, query).await
    }

    fn status(&self) -> StatusCode {
        let history = match self {
            Self::History(history) => history,
            Self::Find(_, status) => return *status,
        };
        let as_of = history.as_of.as_ref().is_some_and(|as_of| as_of.result.is_err());
        let comparison = history.comparison.as_ref().is_some_and(|comparison| comparison.result.is_err());
        match history.latest {
            AsOf::BeforeHorizon => StatusCode::NOT_FOUND,
            _ if as_of || comparison => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        }
    }

    fn title(&self, context: &PageContext) -> String {
        match self {
            Self::History(history) => {
                let field = history.filter.field.iter().map(|field| format!(" · {field}"));
                [view::name(history, context).title()].into_iter().chain(field).collect()
            }
            Self::Find(form, _) => form.title(context),
        }
    }

    fn mention(&self, mentions: &mut Mentions) {
        let Self::History(history) = self else { return };
        // The host may know a row of which the trail shows nothing: it is not asked about that one.
        history.shown_entries().for_each(|entry| mentions.entry(entry));
        if history.latest.entry().is_some() {
            mentions.row(&history.table, &history.key);
        }
    }

    fn list(&self) -> Option<&'static str> {
        let Self::History(history) = self else { return None };
        (!history.versions.entries.is_empty()).then_some(CHANGE_LIST)
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        match self {
            Self::History(history) => Either::Left(view::view(*history, &context)),
            Self::Find(form, _) => Either::Right(form.view(context)),
        }
    }
}
