//! The comparison of the trail with the outcomes of the writes and with the rows of the tables.

use std::collections::BTreeMap;

use anyhow::Result;
use sqlx::{FromRow, PgConnection};

use super::load::WriteOutcome;

/// The differences that are printed.
const MAX_PRINTED: usize = 5;
/// The changes that each write makes.
const CHANGES_PER_WRITE: i64 = 3;

/// The traces of one write in the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
struct Traces {
    id: i64,
    /// The rows in the tables of the host.
    tickets: i64,
    replies: i64,
    /// The changes in the trail: all, and by kind.
    changes: i64,
    ticket_inserts: i64,
    ticket_updates: i64,
    reply_inserts: i64,
    /// The audit transactions, those with an action, and those in which the times of the changes follow their order.
    transactions: i64,
    with_action: i64,
    in_order: i64,
}

impl Traces {
    /// Returns the traces of a transaction that was committed.
    const fn committed(id: i64) -> Self {
        Self {
            id,
            tickets: 1,
            replies: 1,
            changes: CHANGES_PER_WRITE,
            ticket_inserts: 1,
            ticket_updates: 1,
            reply_inserts: 1,
            transactions: 1,
            with_action: 1,
            in_order: 1,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) changes: i64,
    /// The writes with an unknown outcome that were committed.
    pub(super) committed_unknown: u64,
    pub(super) differences: Vec<String>,
}

impl Comparison {
    pub(super) fn failures(&self) -> Vec<String> {
        let count = self.differences.len();
        self.differences
            .iter()
            .take(MAX_PRINTED)
            .map(|difference| format!("1 of {count} differences: {difference}"))
            .collect()
    }
}

/// Compares each write with its traces: of an acknowledged write there is everything, of a refused one nothing, and of one with an
/// unknown outcome either everything or nothing.
pub(super) async fn compare(
    connection: &mut PgConnection,
    writes: &BTreeMap<i64, WriteOutcome>,
) -> Result<Comparison> {
    let traces: Vec<Traces> = sqlx::query_as(include_str!("traces.sql")).fetch_all(&mut *connection).await?;
    let traces: BTreeMap<i64, Traces> = traces.into_iter().map(|traces| (traces.id, traces)).collect();
    let mut comparison =
        Comparison { changes: traces.values().map(|traces| traces.changes).sum(), ..Comparison::default() };
    for (&id, outcome) in writes {
        let found = traces.get(&id);
        let is_committed = found == Some(&Traces::committed(id));
        let is_as_expected = match outcome {
            WriteOutcome::Acknowledged => is_committed,
            WriteOutcome::Refused => found.is_none(),
            WriteOutcome::Unknown => is_committed || found.is_none(),
        };
        if *outcome == WriteOutcome::Unknown && is_committed {
            comparison.committed_unknown += 1;
        }
        if !is_as_expected {
            comparison.differences.push(format!("write {id} is {outcome:?}, and has left {found:?}"));
        }
    }
    for id in traces.keys().filter(|id| !writes.contains_key(id)) {
        comparison.differences.push(format!("nobody wrote {id}"));
    }
    // What belongs to no change: an action or a transaction that outlived a rollback.
    let others: i64 = sqlx::query_scalar(include_str!("without_changes.sql")).fetch_one(connection).await?;
    if others != 0 {
        comparison.differences.push(format!("{others} actions or audit transactions have no changes"));
    }
    Ok(comparison)
}
