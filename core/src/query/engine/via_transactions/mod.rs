//! Finding changes through the transactions of an actor, an action or a correlation.
//!
//! A few changes of a large trail are found without reading those of everybody else. Indexes list the transactions of an actor
//! and those of an action by time, and almost every change is captured within a second after the beginning of its transaction.
//! So the newest transactions hold the newest changes, except for late changes, which are read through an index of their own.

mod access_path;
mod late_changes;
mod transaction_changes;
mod transaction_scan;

use self::access_path::AccessPath;
use self::late_changes::add_late_changes;
pub(in crate::query) use self::transaction_changes::{Matches, Part, TransactionRef, changes_of, count_of};
use self::transaction_scan::TransactionScan;
use super::criteria::Criteria;
use super::snapshot::Snapshot;
use super::thresholds::{
    BATCH_GROWTH, CHANGES_PER_TRANSACTION_COST, LOW_YIELD_DIVISOR, MAX_TRANSACTIONS_SCANNED, SCAN_BATCH,
};
use super::time_windows::TimeWindow;
use super::window_scan::sort_and_truncate;
use crate::Scope;
use crate::query::model::cursor::Position;
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;
use crate::query::model::operation::Operation;

/// Adds the first `limit` changes to `matches`, which are empty. Returns none if reading by time is cheaper.
pub(super) async fn via_transactions(
    snapshot: &mut Snapshot<'_>,
    criteria: Criteria<'_>,
    position: Position,
    limit: usize,
    mut matches: Matches,
) -> Result<Option<Matches>, QueryError> {
    match AccessPath::choose(snapshot, criteria, position).await? {
        AccessPath::ByTime => Ok(None),
        AccessPath::Exact { transactions, residual } => {
            let residual = criteria.with_filter(&residual);
            let all = (&transactions[..], Part::All);
            matches.add_changes_of(snapshot, residual, position, all, limit).await?;
            Ok(Some(matches))
        }
        AccessPath::Incremental { mut scan, residual } => {
            let residual = criteria.with_filter(&residual);
            let is_done = scan_transactions(snapshot, &mut scan, residual, limit, &mut matches).await?;
            Ok(is_done.then_some(matches))
        }
    }
}

/// Reads the changes of one batch of transactions after the other. Returns false if it gave up, because reading by time is
/// cheaper.
async fn scan_transactions(
    snapshot: &mut Snapshot<'_>,
    scan: &mut TransactionScan<'_>,
    residual: Criteria<'_>,
    limit: usize,
    matches: &mut Matches,
) -> Result<bool, QueryError> {
    let (position, direction) = (scan.position, scan.direction());
    let mut batch = (limit / BATCH_GROWTH).max(SCAN_BATCH);
    while scan.consumed < MAX_TRANSACTIONS_SCANNED {
        let transactions = scan.next(snapshot, batch).await?;
        if scan.is_small() {
            matches.clear();
            let all = (&scan.fetched[..], Part::All);
            matches.add_changes_of(snapshot, residual, position, all, limit).await?;
            return Ok(true);
        }
        matches.add_changes_of(snapshot, residual, position, (&transactions, Part::Prompt), limit).await?;
        let complete_range = scan.complete_range();
        let (found, last) = match matches {
            Matches::Rows(rows) => {
                sort_and_truncate(rows, direction, limit);
                let is_final = |at| complete_range.contains(at);
                let found = rows.iter().filter(|row| is_final(row.change.captured_at)).count();
                (found, rows.get(limit - 1).map(|row| row.change.captured_at))
            }
            Matches::Count(count) if *count >= limit => return Ok(true),
            Matches::Count(count) => (*count, None),
        };
        if found >= limit || scan.is_at_end() {
            // Late changes beyond the last row that is wanted cannot come before it.
            let window = last.map_or(complete_range, |last| TimeWindow::up_to(last, direction));
            add_late_changes(snapshot, matches, scan, residual, window, limit).await?;
            if let Matches::Rows(rows) = matches {
                sort_and_truncate(rows, direction, limit);
            }
            return Ok(true);
        }
        let is_low_yield = found.saturating_mul(LOW_YIELD_DIVISOR) < limit;
        if is_low_yield && table_scan_is_cheaper(snapshot, scan).await? {
            break;
        }
        batch = next_batch(batch, scan.consumed, found, limit);
    }
    Ok(false)
}

/// Returns whether the table that the filter asks for, or the TRUNCATEs, have so few changes that reading all of them costs
/// no more than the scan has cost so far.
async fn table_scan_is_cheaper(
    snapshot: &mut Snapshot<'_>,
    scan: &TransactionScan<'_>,
) -> Result<bool, QueryError> {
    let filter = scan.filter;
    let table = Filter {
        table: filter.table.clone().filter(|tables| !tables.included().is_empty()),
        operation: filter
            .operation
            .clone()
            .filter(|operations| operations.only() == Some(&Operation::Truncate)),
        from: filter.from,
        to: filter.to,
        ..Filter::default()
    };
    if table.table.is_none() && table.operation.is_none() {
        return Ok(false);
    }
    let scope = Scope::unscoped();
    let max_changes = scan.consumed * CHANGES_PER_TRANSACTION_COST;
    let criteria = Criteria::new(&scope, &table);
    Ok(snapshot.count_in_parts(criteria, scan.position, max_changes + 1).await? <= max_changes)
}

/// Returns the number of transactions that suffices if the next ones hold as many changes as those before, within bounds.
fn next_batch(batch: usize, consumed: usize, found: usize, limit: usize) -> usize {
    let missing = limit.saturating_sub(found);
    (missing.saturating_mul(consumed) / found.max(1)).clamp(batch, batch * BATCH_GROWTH)
}
