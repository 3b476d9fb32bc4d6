//! Loads a page of the timeline: the changes, what is shown around them, and their count, all from one snapshot.

use threadline::InvalidParameter;
use threadline::TableName;
use threadline::query::{
    Count, Filter, Page as PageOfChanges, Position, QueryError, Snapshot, TimelineEntry,
};

use super::{FoundChanges, InvalidFilter, TimelinePage, TimelineQuery};
use crate::links::timeline_pairs;
use crate::query_string::position_pair;
use crate::request::QueryFailure;
use crate::{PageError, RequestContext};

/// Changes on one page.
const PAGE_SIZE: usize = 50;
/// Counting stops here. Whoever sees this many narrows the filter, and every page counts anew.
const COUNT_CAP: usize = 1_000;

pub(super) async fn load(context: &RequestContext, query: TimelineQuery) -> Result<TimelinePage, PageError> {
    match find(context, &query).await {
        Ok(page) => Ok(page),
        Err(Failure::Filter(invalid)) => {
            // The form shows what was typed, with what is wrong in it.
            let tables = context.with_query_timeout(context.captured_tables()).await;
            let tables = tables.unwrap_or_default();
            Ok(TimelinePage { typed: query.typed, tables, result: Err(invalid) })
        }
        Err(Failure::Page(error)) => Err(error),
    }
}

/// The reason why there are no changes to show.
enum Failure {
    /// The filter cannot be used: the page shows its form.
    Filter(InvalidFilter),
    /// There is no page.
    Page(PageError),
}

impl From<InvalidParameter> for Failure {
    fn from(error: InvalidParameter) -> Self {
        let (message, hint) = (format!("{error}."), format!("Expected {}.", error.expected));
        Self::Filter(InvalidFilter { key: error.name, message, hint })
    }
}

impl From<QueryFailure> for Failure {
    fn from(failure: QueryFailure) -> Self {
        let (key, hint) = match &failure {
            QueryFailure::Query(QueryError::KeyMismatch { expected, .. }) => {
                ("key", format!("Expected {}.", expected.join(" and ")))
            }
            QueryFailure::Query(QueryError::NotCaptured { .. }) => {
                ("table", "Expected a captured table.".to_owned())
            }
            _ => return Self::Page(failure.into()),
        };
        let message = match failure {
            QueryFailure::Query(error) => format!("{error}."),
            QueryFailure::Timeout => String::new(),
        };
        Self::Filter(InvalidFilter { key: key.to_owned(), message, hint })
    }
}

async fn find(context: &RequestContext, query: &TimelineQuery) -> Result<TimelinePage, Failure> {
    let key_columns = match query.bare_key()? {
        None => Vec::new(),
        Some((table, _)) => {
            let columns = async { context.snapshot().await?.key_columns(&context.scope, &table).await };
            context.with_query_timeout(columns).await?.unwrap_or_default()
        }
    };
    let (filter, position) = query.parse(&key_columns)?;
    let typed = canonical(&filter, position);
    if query.needs_canonical_redirect() && query.typed != typed {
        return Err(Failure::Page(PageError::Redirect(context.page.timeline_with(&typed))));
    }
    let (tables, found) = read(context, filter, position).await?;
    Ok(TimelinePage { typed, tables, result: Ok(found) })
}

/// Returns the pairs of the canonical address, in the order of the filter's keys.
fn canonical(filter: &Filter, position: Position) -> Vec<(String, String)> {
    let pairs = timeline_pairs(filter).into_iter().chain(position_pair(position));
    pairs.map(|(key, value)| (key.to_owned(), value)).collect()
}

async fn read(
    context: &RequestContext,
    filter: Filter,
    position: Position,
) -> Result<(Vec<TableName>, FoundChanges), QueryFailure> {
    let scope = &context.scope;
    // One more change than is shown tells whether the last transaction continues.
    let size = PAGE_SIZE + usize::from(!matches!(position, Position::NewerThan(_)));
    let queries = async {
        let (mut snapshot, mark) = if can_grow(&filter, position) {
            let (snapshot, mark) = context.snapshot_with_mark().await?;
            (snapshot, Some(mark))
        } else {
            (context.snapshot().await?, None)
        };
        let mut page = snapshot.timeline_page(scope, &filter, position, size).await?;
        let continues = truncate(&mut page);
        let changes = page.entries.iter_mut().map(|entry| &mut entry.change);
        snapshot.load_old_values(scope, changes).await?;
        let tables = context.services.tables.get(&mut snapshot, scope).await?;
        let has_changes = !page.entries.is_empty() || snapshot.has_changes(scope).await?;
        Ok((snapshot, mark, page, continues, tables, has_changes))
    };
    let (snapshot, mark, page, continues, tables, has_changes) = context.with_query_timeout(queries).await?;
    let count = match position {
        // A page that takes long to find takes longer to count.
        _ if page.truncated_at.is_some() => None,
        Position::Newest if page.older.is_none() => Some(Count::Exact(page.entries.len())),
        _ => count(context, snapshot, &filter).await,
    };
    Ok((tables, FoundChanges { filter, position, page, continues, count, has_changes, mark }))
}

/// Returns whether changes can still be recorded that belong on the page.
const fn can_grow(filter: &Filter, position: Position) -> bool {
    filter.to.is_none() && !matches!(position, Position::OlderThan(_))
}

/// Removes a change beyond the page size, and returns whether it belongs to the last transaction of the page.
fn truncate(page: &mut PageOfChanges<TimelineEntry>) -> bool {
    if page.entries.len() <= PAGE_SIZE {
        return false;
    }
    let next = page.entries.pop();
    let last = page.entries.last();
    page.older = last.map(|entry| entry.change.cursor());
    next.zip(last).is_some_and(|(next, last)| next.transaction.id == last.transaction.id)
}

/// Counts the changes that match, unless that fails or takes too long: the page is worth more than the number.
async fn count(context: &RequestContext, mut snapshot: Snapshot<'_>, filter: &Filter) -> Option<Count> {
    context.optional(snapshot.count(&context.scope, filter, COUNT_CAP)).await.ok()
}
