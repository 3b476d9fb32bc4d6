//! Loads a page of the timeline: the changes, what is shown around them, and their count, all from one snapshot.

use chrono::Utc;
use threadline::TableName;
use threadline::query::{
    Activity, Count, EmptyResult, Filter, Position, QueryError, RowKey, Snapshot, TimelineLine, TypedKey,
};

use super::mistake::{Failure, key_mistake, suggest};
use super::{FoundChanges, TimelinePage, TimelineQuery};
use crate::links::timeline_pairs;
use crate::query_string::position_pair;
use crate::request::QueryFailure;
use crate::{PageError, RequestContext};

/// Lines on one page.
const PAGE_SIZE: usize = 50;
/// Counting stops here. Whoever sees this many narrows the filter, and every page counts anew.
const COUNT_CAP: usize = 1_000;

pub(super) async fn load(context: &RequestContext, query: TimelineQuery) -> Result<TimelinePage, PageError> {
    match find(context, &query).await {
        Ok(page) => Ok(page),
        Err(Failure::Filter(invalid)) => {
            // The form shows what was typed, with what is wrong in it.
            let typed = query.typed_for_form();
            let invalid = suggest(context, *invalid, &typed).await;
            let tables = context.with_query_timeout(context.captured_tables()).await;
            let tables = tables.unwrap_or_default();
            Ok(TimelinePage { typed, tables, result: Err(invalid) })
        }
        Err(Failure::Page(error)) => Err(error),
    }
}

async fn find(context: &RequestContext, query: &TimelineQuery) -> Result<TimelinePage, Failure> {
    let key = match query.bare_key()? {
        None => None,
        Some((table, text)) => {
            let read = async { context.snapshot().await?.read_key(&context.scope, &table, text).await };
            match context.with_query_timeout(read).await? {
                TypedKey::Key(key) => Some(key),
                other => {
                    return Err(key_mistake(&context.page, &query.typed_for_form(), &table, text, other));
                }
            }
        }
    };
    let (filter, position) = query.parse(key.as_ref())?;
    let typed = canonical(&filter, position);
    if query.is_resolved || (query.needs_canonical_redirect() && query.typed != typed) {
        return Err(redirect(context, &typed));
    }
    let read = read(context, &filter, position).await;
    let is_empty = match &read {
        Ok((_, found)) => found.page.entries.is_empty(),
        Err(failure) => matches!(failure, QueryFailure::Query(QueryError::KeyMismatch { .. })),
    };
    if is_empty {
        correct_key(context, &filter, position, &typed).await?;
    }
    let (tables, mut found) = read?;
    if is_empty && found.has_changes && position == Position::Newest {
        found.explained = explain(context, &filter).await;
    }
    Ok(TimelinePage { typed, tables, result: Ok(found) })
}

/// Redirects to the record that a key means by the types of its columns, or returns the mistake in it.
async fn correct_key(
    context: &RequestContext,
    filter: &Filter,
    position: Position,
    typed: &[(String, String)],
) -> Result<(), Failure> {
    let Some((table, key)) = filter.row() else { return Ok(()) };
    let read = async { context.snapshot().await?.read_key_values(&context.scope, table, key).await };
    match context.with_query_timeout(read).await {
        Ok(TypedKey::Key(read)) if read != *key => {
            let corrected = Filter { key: Some(read), ..filter.clone() };
            Err(redirect(context, &canonical(&corrected, position)))
        }
        Ok(mistake @ TypedKey::WrongType { .. }) => {
            Err(key_mistake(&context.page, typed, table, &RowKey::to_string(key), mistake))
        }
        _ => Ok(()),
    }
}

fn redirect(context: &RequestContext, pairs: &[(String, String)]) -> Failure {
    Failure::Page(PageError::Redirect(context.page.timeline_with(pairs)))
}

/// Explains why nothing was found. A page can do without that.
async fn explain(context: &RequestContext, filter: &Filter) -> Option<EmptyResult> {
    let explained = async { context.snapshot().await?.explain_empty(&context.scope, filter).await };
    context.with_query_timeout(explained).await.ok()
}

/// Returns the pairs of the canonical address, in the order of the filter's keys.
fn canonical(filter: &Filter, position: Position) -> Vec<(String, String)> {
    let pairs = timeline_pairs(filter).into_iter().chain(position_pair(position));
    pairs.map(|(key, value)| (key.to_owned(), value)).collect()
}

async fn read(
    context: &RequestContext,
    filter: &Filter,
    position: Position,
) -> Result<(Vec<TableName>, FoundChanges), QueryFailure> {
    let scope = &context.scope;
    let queries = async {
        let (mut snapshot, mark) = if can_grow(filter, position) {
            let (snapshot, mark) = context.snapshot_with_mark().await?;
            (snapshot, Some(mark))
        } else {
            (context.snapshot().await?, None)
        };
        let tables = context.services.tables.get(&mut snapshot, scope).await?;
        let page = context.read_lines(&mut snapshot, filter, position, PAGE_SIZE).await?;
        let has_changes = !page.entries.is_empty() || snapshot.has_changes(scope).await?;
        let unsearched = snapshot.unsearched_columns(scope, filter).await?;
        // Scrolling loads further pages, and shows their changes only.
        let has_strip = position == Position::Newest && page.truncated_at.is_none() && has_changes;
        let activity = if has_strip { snapshot.activity(scope, filter, Utc::now()).await? } else { None };
        Ok((snapshot, mark, page, tables, has_changes, unsearched, activity))
    };
    let (snapshot, mark, page, tables, has_changes, unsearched, activity) =
        context.with_query_timeout(queries).await?;
    let counted = activity.as_ref().and_then(Activity::total);
    let count = match position {
        _ if counted.is_some() => counted,
        // A page that takes long to find takes longer to count.
        _ if page.truncated_at.is_some() => None,
        Position::Newest if page.older.is_none() => Some(TimelineLine::count_all(&page.entries)),
        _ => count(context, snapshot, filter).await,
    };
    let gaps = context.capture_gaps_of_page(filter, &page).await;
    let filter = filter.clone();
    let found = FoundChanges {
        filter,
        position,
        page,
        activity,
        count,
        has_changes,
        explained: None,
        gaps,
        unsearched,
        mark,
    };
    Ok((tables, found))
}

/// Returns whether changes can still be recorded that belong on the page.
const fn can_grow(filter: &Filter, position: Position) -> bool {
    filter.to.is_none() && !matches!(position, Position::OlderThan(_))
}

/// Counts the changes that match, unless that fails or takes too long: the page is worth more than the number.
async fn count(context: &RequestContext, mut snapshot: Snapshot<'_>, filter: &Filter) -> Option<Count> {
    context.optional(snapshot.count(&context.scope, filter, COUNT_CAP)).await.ok()
}
