//! One transaction.

use std::slice;

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path, RawQuery};
use axum::response::Response;
use threadline::query::{Position, QueryError, TransactionDetail, TransactionId, TransactionRecord};
use threadline_app::pages::{RelatedTransactions, TransactionPage, transaction_page};

use super::part::part;
use super::question::{answered, read_position, to_timeline};
use crate::guard::Visit;
use crate::respond::Reply;

/// Changes on one page.
const PAGE: usize = 100;
/// Changes are counted no further.
const COUNTED: usize = 10_000;
/// Other transactions of the same correlation that are listed.
const RELATED: usize = 20;
/// Changes of each of those are counted no further.
const COUNTED_OF_RELATED: usize = 1_000;

pub(crate) async fn transaction(
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Response {
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let (id, position) =
        match id.parse::<TransactionId>().and_then(|id| Ok((id, read_position(query.as_deref())?))) {
            Ok(read) => read,
            Err(error) => {
                return Reply::bad_request(&error, to_timeline(&visit)).into_response(visit.page_context());
            }
        };
    let trail = &visit.state.settings.trail;
    let question = async {
        let mut trail = trail.snapshot().await?;
        let mut detail = trail.transaction(&visit.scope, id, position, PAGE).await?;
        if let Some(detail) = &mut detail {
            trail.load_old_values(&visit.scope, &mut detail.changes.entries).await?;
        }
        Ok(detail)
    };
    let reply = match answered(&visit, question).await {
        Err(error) => Reply::unanswered(error.as_ref(), uri.to_string(), to_timeline(&visit)),
        Ok(None) => {
            let explanation = format!(
                "Transaction {id} does not exist, has been removed by the retention policy, or is outside of what you may see."
            );
            Reply::not_found(explanation, to_timeline(&visit))
        }
        Ok(Some(detail)) => {
            let page = with_surroundings(&visit, detail, position).await;
            Reply::page(|context| transaction_page(context, page))
        }
    };
    reply.into_response(visit.page_context())
}

/// What the page can do without, should it be slow.
async fn with_surroundings(visit: &Visit, detail: TransactionDetail, position: Position) -> TransactionPage {
    let trail = &visit.state.settings.trail;
    let this = slice::from_ref(&detail.transaction);
    let (touched, related) = tokio::join!(
        part(visit, async { trail.snapshot().await?.table_counts(&visit.scope, this, COUNTED).await }),
        part(visit, related(visit, &detail.transaction))
    );
    let touched = touched.ok().and_then(|touched| touched.into_iter().next());
    TransactionPage { is_first_page: position == Position::Newest, touched, related: related.ok(), detail }
}

async fn related(visit: &Visit, of: &TransactionRecord) -> Result<RelatedTransactions, QueryError> {
    let Some(correlation) = of.action.as_ref().and_then(|action| action.correlation_id.as_deref()) else {
        return Ok(RelatedTransactions::default());
    };
    let mut trail = visit.state.settings.trail.snapshot().await?;
    let mut transactions =
        trail.transactions_by_correlation(&visit.scope, correlation, of.id, RELATED + 1).await?;
    let truncated = transactions.len() > RELATED;
    transactions.truncate(RELATED);
    let touched = trail.table_counts(&visit.scope, &transactions, COUNTED_OF_RELATED).await?;
    Ok(RelatedTransactions { transactions, touched, truncated })
}
