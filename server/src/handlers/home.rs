//! The home page, and every address that is none.

use axum::Extension;
use axum::extract::OriginalUri;
use axum::response::Response;
use threadline::query::{Filter, Position, QueryError, TransactionRecord};
use threadline_app::pages::{HomePage, LatestActivity, home_page};

use super::part::{PATIENCE, part};
use super::question::to_timeline;
use crate::guard::Visit;
use crate::respond::Reply;

/// Transactions under "latest activity".
const LATEST: usize = 8;
/// The changes that they are looked for in.
const CHANGES: usize = 100;
/// Changes of one transaction are counted no further.
const COUNTED: usize = 1_000;

/// Every part is asked for by itself, so that one that fails or is slow takes nothing else away.
pub(crate) async fn home(Extension(visit): Extension<Visit>, OriginalUri(uri): OriginalUri) -> Response {
    let trail = &visit.state.settings.trail;
    let monitor = &visit.state.monitor;
    let coverage =
        async { if visit.may_view_coverage() { Some(monitor.known(PATIENCE).await) } else { None } };
    let (tables, coverage, latest) = tokio::join!(
        part(&visit, async { trail.snapshot().await?.captured_tables(&visit.scope).await }),
        coverage,
        part(&visit, latest(&visit))
    );
    let reply = match (tables, latest) {
        (Err(_), Err(error)) => Reply::unanswered(error.as_ref(), uri.to_string(), to_timeline(&visit)),
        (tables, latest) => {
            let home = HomePage {
                schema: trail.schema().clone(),
                tables: tables.ok(),
                coverage,
                is_configured: monitor.is_configured(),
                latest: latest.ok(),
            };
            Reply::page(|context| home_page(context, home))
        }
    };
    reply.into_response(visit.page_context())
}

/// The transactions of the newest changes.
async fn latest(visit: &Visit) -> Result<LatestActivity, QueryError> {
    let trail = &visit.state.settings.trail;
    let page = trail.timeline_page(&visit.scope, &Filter::default(), Position::Newest, CHANGES).await?;
    let mut transactions: Vec<TransactionRecord> = Vec::new();
    for entry in page.entries {
        if transactions.len() < LATEST && !transactions.iter().any(|known| known.id == entry.transaction.id) {
            transactions.push(entry.transaction);
        }
    }
    let touched = trail.snapshot().await?.table_counts(&visit.scope, &transactions, COUNTED).await?;
    Ok(LatestActivity { transactions, touched })
}

pub(crate) async fn unknown_address(Extension(visit): Extension<Visit>) -> Response {
    let reply = Reply::not_found("The console has no page at this address.".to_owned(), to_timeline(&visit));
    reply.into_response(visit.page_context())
}
