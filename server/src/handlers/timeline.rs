//! The timeline.

use std::time::Duration;

use axum::Extension;
use axum::extract::{OriginalUri, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use threadline::query::{Count, Filter, Page, Position, Snapshot, TimelineEntry};
use threadline::{Scope, TableName};
use threadline_app::pages::{FilterMistake, FoundChanges, TimelinePage, timeline_page};
use url::form_urlencoded;

use super::question::{Unanswered, answered, pairs, read_question, to_timeline, written};
use crate::guard::Visit;
use crate::respond::Reply;

/// What an address without a query asks for.
const OPENING: &str = "window=24h";
/// Changes on one page.
const PAGE: usize = 50;
/// Where counting stops: who sees more than this narrows the filter, and each page counts anew.
const CAP: usize = 1_000;
/// How long the page waits for the count.
const COUNTING: Duration = Duration::from_secs(2);

pub(crate) async fn timeline(
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.filter(|query| !query.is_empty());
    let given = pairs(Some(query.as_deref().unwrap_or(OPENING)));
    let answer = async {
        let (filter, position) = read_question(&visit, &given).await?;
        let settled = written(&filter, position);
        if is_to_be_settled(&given) && given != settled {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(settled).finish();
            return Ok(Redirect::to(&format!("{}/timeline?{query}", visit.base)).into_response());
        }
        let (tables, found) = find(&visit, filter, position).await?;
        let timeline = TimelinePage { typed: settled, tables, answer: Ok(found) };
        Ok(Reply::page(|context| timeline_page(context, timeline)).into_response(visit.page_context()))
    };
    match answer.await {
        Ok(response) => response,
        Err(Unanswered::Mistake(mistake)) => correct(&visit, given.clone(), mistake).await,
        Err(Unanswered::Database(error)) => {
            let reply = Reply::unanswered(error.as_ref(), uri.to_string(), to_timeline(&visit));
            reply.into_response(visit.page_context())
        }
    }
}

/// A form sends its blank fields too, a link may name a window by its length, and people type ids: what is state and
/// bookmarked is the address that says the same without them.
fn is_to_be_settled(given: &[(String, String)]) -> bool {
    given.iter().any(|(key, value)| {
        value.trim().is_empty() || key == "window" || (key == "key" && !value.contains('='))
    })
}

/// The page, what stands around it, and the count, all of one moment.
async fn find(
    visit: &Visit,
    filter: Filter,
    position: Position,
) -> Result<(Vec<TableName>, FoundChanges), Unanswered> {
    let scope = &visit.scope;
    // One more than is shown tells whether the last transaction goes on.
    let size = PAGE + usize::from(!matches!(position, Position::NewerThan(_)));
    let questions = async {
        let trail = &visit.state.settings.trail;
        let (mut trail, mark) = if may_grow(&filter, position) {
            let (snapshot, mark) = trail.snapshot_with_mark().await?;
            (snapshot, Some(mark))
        } else {
            (trail.snapshot().await?, None)
        };
        let mut page = trail.timeline_page(scope, &filter, position, size).await?;
        let continues = cut(&mut page);
        let changes = page.entries.iter_mut().map(|entry| &mut entry.change);
        trail.load_old_values(scope, changes).await?;
        let tables = visit.state.tables.of(&mut trail, scope).await?;
        let has_changes = !page.entries.is_empty() || trail.has_changes(scope).await?;
        Ok((trail, mark, page, continues, tables, has_changes))
    };
    let (trail, mark, page, continues, tables, has_changes) = answered(visit, questions).await?;
    let count = match position {
        // What takes long to find takes longer to count.
        _ if page.truncated_at.is_some() => None,
        Position::Newest if page.older.is_none() => Some(Count::Exact(page.entries.len())),
        _ => count(trail, scope, &filter).await,
    };
    Ok((tables, FoundChanges { filter, position, page, continues, count, has_changes, mark }))
}

/// Answers whether changes can come that the page would show.
const fn may_grow(filter: &Filter, position: Position) -> bool {
    filter.to.is_none() && !matches!(position, Position::OlderThan(_))
}

/// Cuts off what is more than a page; answers whether it belongs to the same transaction.
fn cut(page: &mut Page<TimelineEntry>) -> bool {
    if page.entries.len() <= PAGE {
        return false;
    }
    let next = page.entries.pop();
    let last = page.entries.last();
    page.older = last.map(|entry| entry.change.cursor());
    next.zip(last).is_some_and(|(next, last)| next.transaction.id == last.transaction.id)
}

/// None where it failed or took too long: the page is worth more than the number.
async fn count(mut trail: Snapshot<'_>, scope: &Scope, filter: &Filter) -> Option<Count> {
    let count = tokio::time::timeout(COUNTING, trail.count(scope, filter, CAP)).await.ok()?;
    count
        .inspect_err(|error| tracing::warn!(error = ?error.to_string(), "the changes could not be counted"))
        .ok()
}

/// The form as it was typed, with what is wrong in it.
async fn correct(visit: &Visit, typed: Vec<(String, String)>, mistake: FilterMistake) -> Response {
    let tables = answered(visit, async {
        visit.state.settings.trail.snapshot().await?.captured_tables(&visit.scope).await
    })
    .await;
    let timeline = TimelinePage { typed, tables: tables.unwrap_or_default(), answer: Err(mistake) };
    let mut response =
        Reply::page(|context| timeline_page(context, timeline)).into_response(visit.page_context());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}
