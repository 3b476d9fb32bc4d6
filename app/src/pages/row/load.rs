//! Loads the history of a row, all from one snapshot.

use chrono::{DateTime, Utc};
use http::StatusCode;
use threadline::query::{
    AsOf, Cursor, EmptyResult, FieldCounts, Filter, Page, Position, QueryError, RowKey, Selection, Snapshot,
    TimelineEntry, TypedKey,
};
use threadline::{Scope, TableName};

use super::query::{RowOptions, RowQuery};
use super::times::parse_time;
use super::{AsOfResult, CompareResult, ComparedVersions, RowAsOf, RowField, RowHistory, RowPage};
use crate::components::CaptureGaps;
use crate::pages::find_row::resolve;
use crate::request::QueryFailure;
use crate::{PageError, RequestContext, Zone};

/// Versions on one page.
const PAGE_SIZE: usize = 20;
/// Counting the fields that versions changed stops here.
const COUNT_CAP: usize = 1_000;

pub(super) async fn load(context: &RequestContext, query: RowQuery) -> Result<RowPage, PageError> {
    let (table, key, options) = match query {
        RowQuery::Row { table, key, options } => (table, key, options),
        RowQuery::Unresolved { table, record } => {
            return resolve(context, table, record).await.map(RowPage::from);
        }
    };
    let row = Row { scope: &context.scope, table, key, zone: context.page.zone };
    let history = async {
        let mut snapshot = context.snapshot().await?;
        context.services.tables.refresh_order(&mut snapshot).await?;
        row.history(&mut snapshot, *options).await
    };
    match context.with_query_timeout(history).await {
        Ok(history) if matches!(history.latest, AsOf::BeforeHorizon) => unknown(context, row, history).await,
        Ok(mut history) => {
            if history.filter.field.is_some() && history.versions.entries.is_empty() {
                history.explained = explain(context, &row, &history.filter).await;
            }
            load_gaps(context, &mut history).await;
            Ok(RowPage::History(Box::new(history)))
        }
        Err(QueryFailure::Query(QueryError::KeyMismatch { .. } | QueryError::NotCaptured { .. })) => {
            find(context, row).await
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Loads the gaps in capture in the period of the list, and between the version at a time and that time.
async fn load_gaps(context: &RequestContext, history: &mut RowHistory) {
    let table = Some(Selection::from(history.table.clone()));
    let of_list = Filter { table: table.clone(), field: None, ..history.filter.clone() };
    history.gaps = context.capture_gaps(&of_list).await.of_page(&history.versions);
    if let Some(then) = history.as_of.as_mut().and_then(|as_of| as_of.result.as_mut().ok()) {
        let from = then.row.entry().map(|entry| entry.change.captured_at);
        let until_then = Filter { table, from, to: Some(then.at), ..Filter::default() };
        then.gaps = context.capture_gaps(&until_then).await;
    }
}

/// Explains why no version changed the field of a filter. The page can do without that.
async fn explain(context: &RequestContext, row: &Row<'_>, filter: &Filter) -> Option<EmptyResult> {
    let (table, key) = (Some(Selection::from(&row.table)), Some(row.key.clone()));
    let filter = Filter { table, key, ..filter.clone() };
    let explained = async { context.snapshot().await?.explain_empty(row.scope, &filter).await };
    context.optional(explained).await.ok()
}

/// Corrects the key of a row of which nothing is known: redirects to the row that it means by the types of its columns, loads the
/// form for a value that no row can have, or finds a key that differs in its spelling.
async fn unknown(
    context: &RequestContext,
    row: Row<'_>,
    mut history: RowHistory,
) -> Result<RowPage, PageError> {
    let read = async {
        let mut snapshot = context.snapshot().await?;
        let read = snapshot.read_key_values(row.scope, &row.table, &row.key).await?;
        let near = match &read {
            TypedKey::Key(read) if *read == row.key => {
                snapshot.other_spelling(row.scope, &row.table, &row.key).await?
            }
            _ => None,
        };
        let of_table = Filter { table: Some(Selection::from(&row.table)), ..Filter::default() };
        let begins = row.oldest(&mut snapshot, &of_table).await?.map(|entry| entry.change.captured_at);
        Ok((read, near, begins))
    };
    match context.with_query_timeout(read).await? {
        (TypedKey::Key(read), ..) if read != row.key => {
            Err(PageError::Redirect(context.page.row_of(&row.table, &read)))
        }
        (TypedKey::WrongType { .. }, ..) => find(context, row).await,
        (_, near, begins) => {
            history.near = near;
            history.table_begins = begins;
            Ok(RowPage::History(Box::new(history)))
        }
    }
}

/// Loads the form that finds a row, for a row that cannot exist.
async fn find(context: &RequestContext, row: Row<'_>) -> Result<RowPage, PageError> {
    let form = resolve(context, row.table.to_string(), row.key.to_string()).await?;
    let is_table = form.invalid.as_ref().is_some_and(|invalid| invalid.field == RowField::Table);
    Ok(if is_table { RowPage::Find(form, StatusCode::NOT_FOUND) } else { form.into() })
}

/// A row, as an operator may see it.
struct Row<'a> {
    scope: &'a Scope,
    table: TableName,
    key: RowKey,
    zone: Zone,
}

impl Row<'_> {
    async fn history(
        &self,
        snapshot: &mut Snapshot<'_>,
        options: RowOptions,
    ) -> Result<RowHistory, QueryError> {
        let RowOptions { filter, position, as_of, compare } = options;
        let (table, key) = (self.table.clone(), self.key.clone());
        let mut versions = snapshot.row_history(self.scope, table, key, &filter, position, PAGE_SIZE).await?;
        let changes = versions.entries.iter_mut().map(|entry| &mut entry.change);
        snapshot.load_old_values(self.scope, changes).await?;
        let field_counts = self.field_counts(snapshot, &versions, &filter).await?;
        let as_of = match as_of {
            None => None,
            Some(typed) => Some(AsOfResult { result: self.as_of(snapshot, &typed).await? }),
        };
        let comparison = match compare {
            None => None,
            Some(typed) => Some(CompareResult { result: self.compare(snapshot, &typed).await?, typed }),
        };
        Ok(RowHistory {
            table: self.table.clone(),
            key: self.key.clone(),
            filter,
            position,
            versions,
            field_counts,
            explained: None,
            gaps: CaptureGaps::default(),
            latest: snapshot.as_of_now(self.scope, self.table.clone(), self.key.clone()).await?,
            near: None,
            table_begins: None,
            as_of,
            comparison,
        })
    }

    async fn as_of(
        &self,
        snapshot: &mut Snapshot<'_>,
        typed: &str,
    ) -> Result<Result<RowAsOf, String>, QueryError> {
        let at = match parse_time(typed) {
            Ok(at) => at,
            Err(message) => return Ok(Err(message)),
        };
        let row = match snapshot.as_of(self.scope, self.table.clone(), self.key.clone(), at).await {
            Err(QueryError::FutureTimestamp { at }) => return Ok(Err(future_message(self.zone, at))),
            row => row?,
        };
        let first = match row {
            AsOf::BeforeHorizon => self.first(snapshot).await?,
            _ => None,
        };
        let next = match row.entry() {
            Some(entry) => self.next(snapshot, entry.change.cursor()).await?,
            None => None,
        };
        Ok(Ok(RowAsOf { at, row, first, next, gaps: CaptureGaps::default() }))
    }

    /// Reads the time of the next version.
    async fn next(
        &self,
        snapshot: &mut Snapshot<'_>,
        version: Cursor,
    ) -> Result<Option<DateTime<Utc>>, QueryError> {
        let (table, key, any) = (self.table.clone(), self.key.clone(), Filter::default());
        let next = Position::NewerThan(version);
        let next = snapshot.row_history(self.scope, table, key, &any, next, 1).await?;
        Ok(next.entries.first().map(|entry| entry.change.captured_at))
    }

    /// Counts the versions that changed each field: those of the page, if it has the whole history.
    async fn field_counts(
        &self,
        snapshot: &mut Snapshot<'_>,
        versions: &Page<TimelineEntry>,
        filter: &Filter,
    ) -> Result<Option<FieldCounts>, QueryError> {
        let Page { entries, newer, older, truncated_at, .. } = versions;
        if filter.field.is_none() && newer.is_none() && older.is_none() && truncated_at.is_none() {
            return Ok(Some(FieldCounts::of(entries.iter().map(|entry| &entry.change))));
        }
        let (table, key) = (self.table.clone(), self.key.clone());
        let of_any_field = Filter { field: None, ..filter.clone() };
        snapshot.field_counts(self.scope, table, key, &of_any_field, COUNT_CAP).await
    }

    /// Reads the oldest change of the row itself: its table may have been truncated long before.
    async fn first(&self, snapshot: &mut Snapshot<'_>) -> Result<Option<TimelineEntry>, QueryError> {
        let (table, key) = (Some(Selection::from(&self.table)), Some(self.key.clone()));
        self.oldest(snapshot, &Filter { table, key, ..Filter::default() }).await
    }

    async fn oldest(
        &self,
        snapshot: &mut Snapshot<'_>,
        filter: &Filter,
    ) -> Result<Option<TimelineEntry>, QueryError> {
        let oldest = Position::NewerThan(Cursor::OLDEST);
        let page = snapshot.timeline_page(self.scope, filter, oldest, 1).await?;
        Ok(page.entries.into_iter().next())
    }

    async fn compare(
        &self,
        snapshot: &mut Snapshot<'_>,
        typed: &[String; 2],
    ) -> Result<Result<ComparedVersions, (usize, String)>, QueryError> {
        let at = match [parse_time(&typed[0]), parse_time(&typed[1])] {
            [Ok(left), Ok(right)] => [left, right],
            [Err(message), _] => return Ok(Err((0, message))),
            [_, Err(message)] => return Ok(Err((1, message))),
        };
        match snapshot.compare(self.scope, self.table.clone(), self.key.clone(), at).await {
            Err(QueryError::FutureTimestamp { at: future }) => {
                Ok(Err((usize::from(at[0] != future), future_message(self.zone, future))))
            }
            comparison => Ok(Ok(ComparedVersions { at, comparison: comparison? })),
        }
    }
}

/// Returns the message about a time in the future.
fn future_message(zone: Zone, at: DateTime<Utc>) -> String {
    let written = zone.local(at).format("%-d %B %Y, %H:%M:%S");
    format!("{written} {} is in the future. Choose now or an earlier time.", zone.offset(at))
}
