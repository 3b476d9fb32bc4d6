//! Loads a transaction with a page of its changes, and what is shown around them.

use std::slice;

use threadline::query::{Filter, Position, QueryError, TimelineLine, TransactionRecord};

use super::query::TransactionQuery;
use super::{RelatedChanges, TransactionPage};
use crate::{PageError, RequestContext};

/// Changes on one page.
const PAGE_SIZE: usize = 100;
/// Counting the changes of the transaction stops here.
const COUNT_CAP: usize = 10_000;
/// Lines of other transactions of the same correlation that are listed.
const RELATED_SHOWN: usize = 20;
/// Lines that are read to find those: up to ten are of the transaction itself.
const RELATED_READ: usize = RELATED_SHOWN + 11;

pub(super) async fn load(
    context: &RequestContext,
    query: TransactionQuery,
) -> Result<TransactionPage, PageError> {
    let TransactionQuery { id, position } = query;
    let scope = &context.scope;
    let queries = async {
        let mut snapshot = context.snapshot().await?;
        let mut detail = snapshot.transaction(scope, id, position, PAGE_SIZE).await?;
        if let Some(detail) = &mut detail {
            snapshot.load_old_values(scope, &mut detail.changes.entries).await?;
            context.services.tables.refresh_order(&mut snapshot).await?;
        }
        Ok(detail)
    };
    let Some(detail) = context.with_query_timeout(queries).await? else {
        return Err(PageError::not_found(format!(
            "Transaction {id} does not exist, has been removed by the retention policy, or is outside of what you may see."
        )));
    };
    let (touched, related) = tokio::join!(
        context.optional(async {
            let transaction = slice::from_ref(&detail.transaction);
            context.snapshot().await?.table_counts(scope, transaction, COUNT_CAP).await
        }),
        context.optional(related(context, &detail.transaction))
    );
    let touched = touched.ok().and_then(|touched| touched.into_iter().next());
    let is_first_page = position == Position::Newest;
    Ok(TransactionPage { detail, is_first_page, touched, related: related.ok() })
}

/// Reads the changes of other transactions of the same correlation.
async fn related(
    context: &RequestContext,
    transaction: &TransactionRecord,
) -> Result<RelatedChanges, QueryError> {
    let action = transaction.action.as_ref();
    let Some(correlation) = action.and_then(|action| action.correlation_id.as_deref()) else {
        return Ok(RelatedChanges::default());
    };
    let (mut snapshot, scope) = (context.snapshot().await?, &context.scope);
    let filter = Filter { correlation_id: Some(correlation.to_owned()), ..Filter::default() };
    let page = snapshot.timeline_lines(scope, &filter, Position::Newest, RELATED_READ).await?;
    let has_older = page.older.is_some();
    let mut lines: Vec<TimelineLine> =
        page.entries.into_iter().filter(|line| line.transaction().id != transaction.id).collect();
    let truncated = has_older || lines.len() > RELATED_SHOWN;
    lines.truncate(RELATED_SHOWN);
    snapshot.load_old_values(scope, lines.iter_mut().filter_map(TimelineLine::change_mut)).await?;
    Ok(RelatedChanges { lines, truncated })
}
