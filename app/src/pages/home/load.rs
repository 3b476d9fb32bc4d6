//! Loads the parts of the home page, each by itself, so that a part that fails or is slow takes nothing else away.

use threadline::query::{Filter, Position, QueryError, TransactionRecord, ValueLimits};

use super::{HomePage, LatestActivity};
use crate::{ConsoleAction, PageError, RequestContext};

/// Transactions under "Latest activity".
const TRANSACTIONS_SHOWN: usize = 8;
/// The newest changes, among which the transactions are looked for.
const CHANGES_SEARCHED: usize = 100;
/// Counting the changes of a transaction stops here.
const COUNT_CAP: usize = 1_000;

pub(super) async fn load(context: &RequestContext) -> Result<HomePage, PageError> {
    let trail = context.trail();
    let source = context.services.coverage();
    let coverage = async {
        if context.is_granted(ConsoleAction::ViewCoverage) {
            Some(source.current(context.services.optional_timeout()).await)
        } else {
            None
        }
    };
    let (tables, coverage, latest) = tokio::join!(
        context.optional(context.captured_tables()),
        coverage,
        context.optional(latest(context))
    );
    let (tables, latest) = match (tables, latest) {
        (Err(_), Err(failure)) => return Err(failure.into()),
        (tables, latest) => (tables.ok(), latest.map_err(|failure| PageError::from(failure).explanation())),
    };
    Ok(HomePage {
        schema: trail.schema().clone(),
        tables,
        coverage,
        is_configured: source.is_configured(),
        latest,
    })
}

/// Reads the transactions of the newest changes, whose values the page does not show.
async fn latest(context: &RequestContext) -> Result<LatestActivity, QueryError> {
    let scope = &context.scope;
    let mut snapshot = context.snapshot().await?;
    snapshot.limit_values(ValueLimits::NO_VALUES);
    let page = snapshot.timeline_page(scope, &Filter::default(), Position::Newest, CHANGES_SEARCHED).await?;
    let mut transactions: Vec<TransactionRecord> = Vec::new();
    for entry in page.entries {
        let is_known = transactions.iter().any(|known| known.id == entry.transaction.id);
        if transactions.len() < TRANSACTIONS_SHOWN && !is_known {
            transactions.push(entry.transaction);
        }
    }
    let touched = snapshot.table_counts(scope, &transactions, COUNT_CAP).await?;
    Ok(LatestActivity { transactions, touched })
}
