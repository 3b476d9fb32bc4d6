//! From a request to a page: read the address, ask the library, draw.

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use threadline::query::{Filter, FilterError, Position, QueryError, transaction_id};
use threadline_app::RoutePage;
use threadline_app::pages::{TimelinePage, TransactionPage, timeline_page, transaction_page};

use crate::guard::Visit;
use crate::respond::Reply;

/// Changes on one page of the timeline.
const TIMELINE_PAGE: usize = 50;
/// Changes on one page of a transaction.
const TRANSACTION_PAGE: usize = 100;

pub(crate) async fn entrance(Extension(visit): Extension<Visit>) -> Response {
    Redirect::to(&format!("{}/timeline", visit.base)).into_response()
}

pub(crate) async fn unknown_address(Extension(visit): Extension<Visit>) -> Response {
    let reply = Reply::not_found("The console has no page at this address.".to_owned(), to_timeline(&visit));
    reply.into_response(visit.frame())
}

pub(crate) async fn timeline(
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let (filter, position) = match read_query(query.as_deref()) {
        Ok(read) => read,
        Err(error) => return Reply::bad_request(&error, to_timeline(&visit)).into_response(visit.frame()),
    };
    let trail = &visit.shared.settings.trail;
    let questions = async {
        let page = trail.timeline_page(&visit.scope, &filter, position, TIMELINE_PAGE).await?;
        let tables = trail.captured_tables(&visit.scope).await?;
        let has_changes = !page.entries.is_empty() || trail.has_changes(&visit.scope).await?;
        Ok((page, tables, has_changes))
    };
    let reply = match answered(&visit, questions).await {
        Err(error) => Reply::unanswered(error.as_ref(), uri.to_string(), to_timeline(&visit)),
        Ok((page, tables, has_changes)) => {
            let timeline = TimelinePage { filter, page, tables, has_changes };
            Reply::page(|frame| timeline_page(frame, timeline))
        }
    };
    let mut frame = visit.frame();
    frame.page = Some(RoutePage::Timeline);
    reply.into_response(frame)
}

pub(crate) async fn transaction(
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Response {
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let (id, position) = match transaction_id(&id).and_then(|id| Ok((id, read_position(query.as_deref())?))) {
        Ok(read) => read,
        Err(error) => return Reply::bad_request(&error, to_timeline(&visit)).into_response(visit.frame()),
    };
    let trail = &visit.shared.settings.trail;
    let question = trail.transaction(&visit.scope, id, position, TRANSACTION_PAGE);
    let reply = match answered(&visit, question).await {
        Err(error) => Reply::unanswered(error.as_ref(), uri.to_string(), to_timeline(&visit)),
        Ok(None) => {
            let explanation = format!(
                "Transaction {id} does not exist, has been removed by the retention policy, or is outside of what you may see."
            );
            Reply::not_found(explanation, to_timeline(&visit))
        }
        Ok(Some(detail)) => Reply::page(|frame| transaction_page(frame, TransactionPage { detail })),
    };
    reply.into_response(visit.frame())
}

/// Waits for the database, but not for ever: a pool whose server is away waits longer than a person does.
async fn answered<T>(
    visit: &Visit,
    question: impl Future<Output = Result<T, QueryError>>,
) -> Result<T, Option<QueryError>> {
    match tokio::time::timeout(visit.shared.settings.query_timeout, question).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::warn!(error = ?error.to_string(), "the audit trail could not be read");
            Err(Some(error))
        }
        Err(_) => {
            tracing::warn!("the audit trail did not answer in time");
            Err(None)
        }
    }
}

fn read_query(query: Option<&str>) -> Result<(Filter, Position), FilterError> {
    let pairs: Vec<_> = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
    Filter::from_pairs(pairs.iter().map(|(key, value)| (key.as_ref(), value.as_ref())))
}

/// A transaction's page knows positions only.
fn read_position(query: Option<&str>) -> Result<Position, FilterError> {
    let (filter, position) = read_query(query)?;
    match filter.to_pairs().into_iter().next() {
        None => Ok(position),
        Some((key, value)) => Err(FilterError::new(key, &value, "one of the keys older and newer")),
    }
}

fn to_timeline(visit: &Visit) -> (&'static str, String) {
    ("Go to the timeline", format!("{}/timeline", visit.base))
}
