//! The changes of transactions that are known, as rows or as a number.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use uuid::Uuid;

use crate::query::engine::criteria::Criteria;
use crate::query::engine::index_path::CHANGE_ORDER;
use crate::query::engine::snapshot::Snapshot;
use crate::query::engine::thresholds::{LATE_AFTER, LATE_AFTER_SQL};
use crate::query::engine::time_windows::TimeWindow;
use crate::query::engine::where_clause::{push_order, to_bigint};
use crate::query::engine::window_scan::{COUNT, ChangeRow};
use crate::query::model::cursor::Position;
use crate::query::model::error::QueryError;

/// The id of a transaction and its beginning, by which the trail is partitioned.
#[derive(Debug, Clone, Copy)]
pub(in crate::query) struct TransactionRef {
    pub(in crate::query) id: Uuid,
    pub(in crate::query) occurred_at: DateTime<Utc>,
}

impl TransactionRef {
    /// Reads the columns `id` and `occurred_at` of each row.
    pub(in crate::query) fn read(rows: &[PgRow]) -> Result<Vec<Self>, sqlx::Error> {
        let read =
            |row: &PgRow| Ok(Self { id: row.try_get("id")?, occurred_at: row.try_get("occurred_at")? });
        rows.iter().map(read).collect()
    }

    /// Returns the ids and the times, to be bound as two arrays.
    pub(in crate::query) fn columns(transactions: &[Self]) -> (Vec<Uuid>, Vec<DateTime<Utc>>) {
        transactions.iter().map(|transaction| (transaction.id, transaction.occurred_at)).unzip()
    }
}

/// The changes of a transaction that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum Part {
    /// All of them, in every partition from the beginning of the transaction on.
    All,
    /// Those that are not late.
    Prompt,
}

/// The changes that a query wants: the rows themselves, or only their number, for which the index of transactions is enough
/// where the criteria ask for nothing but the time.
#[derive(Debug)]
pub(in crate::query) enum Matches {
    Rows(Vec<ChangeRow>),
    Count(usize),
}

impl Matches {
    pub(in crate::query) const fn count(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.len(),
            Self::Count(count) => *count,
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Rows(rows) => rows.clear(),
            Self::Count(count) => *count = 0,
        }
    }

    pub(in crate::query) fn into_rows(self) -> Vec<ChangeRow> {
        match self {
            Self::Rows(rows) => rows,
            Self::Count(_) => Vec::new(),
        }
    }

    /// Adds the changes of these transactions that match, up to `limit` altogether.
    pub(super) async fn add_changes_of(
        &mut self,
        snapshot: &mut Snapshot<'_>,
        criteria: Criteria<'_>,
        position: Position,
        transactions: (&[TransactionRef], Part),
        limit: usize,
    ) -> Result<(), QueryError> {
        match self {
            Self::Rows(rows) => {
                rows.extend(changes_of(snapshot, criteria, position, transactions, limit).await?);
            }
            Self::Count(count) => {
                *count += count_of(snapshot, criteria, position, transactions, limit - *count).await?;
            }
        }
        Ok(())
    }
}

/// Reads the first `limit` changes of these transactions.
pub(in crate::query) async fn changes_of(
    snapshot: &mut Snapshot<'_>,
    criteria: Criteria<'_>,
    position: Position,
    (transactions, part): (&[TransactionRef], Part),
    limit: usize,
) -> Result<Vec<ChangeRow>, QueryError> {
    if transactions.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = snapshot.select_changes();
    push_changes_of(snapshot, &mut sql, criteria, position, (transactions, part));
    push_order(&mut sql, CHANGE_ORDER, position.direction());
    sql.push(" LIMIT ").push_bind(to_bigint(limit)).push(") AS c");
    snapshot.fetch_changes(sql, position.direction(), limit).await
}

/// Counts the changes of these transactions, no further than `limit`.
pub(in crate::query) async fn count_of(
    snapshot: &mut Snapshot<'_>,
    criteria: Criteria<'_>,
    position: Position,
    (transactions, part): (&[TransactionRef], Part),
    limit: usize,
) -> Result<usize, QueryError> {
    if transactions.is_empty() {
        return Ok(0);
    }
    let mut sql = QueryBuilder::new(COUNT);
    push_changes_of(snapshot, &mut sql, criteria, position, (transactions, part));
    sql.push(" OFFSET 0) AS c");
    snapshot.fetch_count(sql, limit).await
}

fn push_changes_of(
    snapshot: &Snapshot<'_>,
    sql: &mut QueryBuilder<Postgres>,
    criteria: Criteria<'_>,
    position: Position,
    (transactions, part): (&[TransactionRef], Part),
) {
    let (ids, times) = TransactionRef::columns(transactions);
    let (first, last) = (times.iter().min().copied(), times.iter().max().copied());
    sql.push(" FROM unnest(").push_bind(ids).push(", ").push_bind(times);
    sql.push(snapshot.fill(&format!(
        ") AS wanted (id, at) CROSS JOIN LATERAL (SELECT * FROM __schema__.audit_changes AS c
           WHERE c.transaction_id = wanted.id AND c.captured_at >= wanted.at - {LATE_AFTER_SQL} AND "
    )));
    if part == Part::Prompt {
        sql.push(format!("c.captured_at <= wanted.at + {LATE_AFTER_SQL} AND "));
    }
    // The same bounds once more for all transactions together, so that PostgreSQL prunes partitions.
    let until =
        last.filter(|_| part == Part::Prompt).and_then(|last| last.checked_add_signed(LATE_AFTER * 2));
    let from = first.and_then(|first| first.checked_sub_signed(LATE_AFTER));
    let window = TimeWindow { from, until, last: None };
    snapshot.where_clause(sql).push(criteria, position, window);
}
