//! The tables that transactions changed, with numbers of changes.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

use super::engine::criteria::Criteria;
use super::engine::snapshot::Snapshot;
use super::engine::thresholds::CLOCK_TOLERANCE;
use super::engine::time_windows::TimeWindow;
use super::engine::where_clause::to_bigint;
use super::model::cursor::Position;
use super::model::error::QueryError;
use super::model::filter::Filter;
use super::model::operation::Operation;
use super::model::page::Count;
use super::model::transaction_record::TransactionRecord;
use crate::{Scope, TableName};

/// The tables that one transaction changed, with the number of its changes in the scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableCounts {
    /// Each table with its number of changes, the largest first.
    pub tables: Vec<(TableName, usize)>,
    /// True if there are more changes than were counted.
    pub truncated: bool,
}

impl TableCounts {
    /// Returns the number of changes of all tables together.
    #[must_use]
    pub fn count(&self) -> Count {
        let count = self.tables.iter().map(|(_, count)| count).sum();
        if self.truncated { Count::Truncated(count) } else { Count::Exact(count) }
    }

    /// Truncates the counts, if there is the one change beyond the cap that is read to learn whether there are more.
    fn truncate(&mut self, cap: usize) {
        let count: usize = self.tables.iter().map(|(_, count)| count).sum();
        if count > cap
            && let Some((_, count)) = self.tables.first_mut()
        {
            *count -= 1;
            self.truncated = true;
        }
    }
}

impl Snapshot<'_> {
    /// Returns the tables that these transactions changed, counting at most `cap` changes of each transaction. The result has
    /// one element per transaction, in the same order; it is empty for a transaction without a change in the scope.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::query::{Position, TimeRange};
    /// use threadline::{ActorKind, Scope};
    ///
    /// let (scope, range) = (Scope::unscoped(), TimeRange::default());
    /// let mut snapshot = trail.snapshot().await?;
    /// let page =
    ///     snapshot.transactions_by_actor(&scope, ActorKind::Job, range, Position::Newest, 50).await?;
    /// let counts = snapshot.table_counts(&scope, &page.entries, 1_000).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn table_counts(
        &mut self,
        scope: &Scope,
        transactions: &[TransactionRecord],
        cap: usize,
    ) -> Result<Vec<TableCounts>, QueryError> {
        let filter = Filter::default();
        let rows =
            self.count_by_table_and_operation(Criteria::new(scope, &filter), transactions, cap).await?;
        let mut counts: HashMap<Uuid, TableCounts> = HashMap::new();
        for (transaction, table, _, count) in rows {
            let tables = &mut counts.entry(transaction).or_default().tables;
            match tables.iter_mut().find(|(known, _)| *known == table) {
                Some((_, sum)) => *sum += count,
                None => tables.push((table, count)),
            }
        }
        for counts in counts.values_mut() {
            counts
                .tables
                .sort_by(|(table, count), (other, of_other)| of_other.cmp(count).then(table.cmp(other)));
        }
        let in_order = |transaction: &TransactionRecord| {
            let mut counts = counts.remove(&transaction.id).unwrap_or_default();
            counts.truncate(cap);
            counts
        };
        Ok(transactions.iter().map(in_order).collect())
    }

    /// Counts the changes of these transactions that meet the criteria: at most one more than `cap` of each transaction. The largest
    /// counts come first.
    pub(super) async fn count_by_table_and_operation(
        &mut self,
        criteria: Criteria<'_>,
        transactions: &[TransactionRecord],
        cap: usize,
    ) -> Result<Vec<(Uuid, TableName, Operation, usize)>, QueryError> {
        let Some(first) = transactions.iter().map(|transaction| transaction.occurred_at).min() else {
            return Ok(Vec::new());
        };
        let (ids, times): (Vec<Uuid>, Vec<_>) =
            transactions.iter().map(|transaction| (transaction.id, transaction.occurred_at)).unzip();
        let mut sql =
            QueryBuilder::new("SELECT wanted.id, c.table_schema, c.table_name, c.op, count(*) FROM unnest(");
        sql.push_bind(ids).push(", ").push_bind(times);
        sql.push(self.fill(
            ") AS wanted (id, at) CROSS JOIN LATERAL (SELECT c.table_schema, c.table_name, c.op FROM __schema__.audit_changes AS c
               WHERE c.transaction_id = wanted.id AND ",
        ));
        let mut window = TimeWindow::default();
        // In other trails, the time of a transaction may be that of any of its changes.
        if self.features().has_occurred_at {
            sql.push("c.occurred_at = wanted.at AND ");
            window.from = first.checked_sub_signed(CLOCK_TOLERANCE);
        }
        self.where_clause(&mut sql).push(criteria, Position::Newest, window);
        sql.push(" LIMIT ").push_bind(to_bigint(cap.saturating_add(1)));
        sql.push(") AS c GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 2, 3, 4");
        let read = |row: &sqlx::postgres::PgRow| {
            let table = TableName::new(row.try_get::<String, _>(1)?, row.try_get::<String, _>(2)?);
            let count = usize::try_from(row.try_get::<i64, _>(4)?).unwrap_or(usize::MAX);
            let operation: String = row.try_get(3)?;
            let operation = operation.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            Ok((row.try_get(0)?, table, operation, count))
        };
        self.fetch_all(sql).await?.iter().map(read).collect()
    }
}
