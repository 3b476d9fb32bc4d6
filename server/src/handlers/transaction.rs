//! One transaction.

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path, RawQuery};
use axum::response::Response;
use threadline::query::transaction_id;
use threadline_app::pages::{TransactionPage, transaction_page};

use super::question::{answered, read_position, to_timeline};
use crate::guard::Visit;
use crate::respond::Reply;

/// Changes on one page.
const PAGE: usize = 100;

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
    let question = trail.transaction(&visit.scope, id, position, PAGE);
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
