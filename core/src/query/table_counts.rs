//! Which tables transactions touched.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

use super::{Count, Filter, Position, QueryError, TransactionRecord};
use crate::query::engine::reader::clamp;
use crate::query::engine::time_windows::Window;
use crate::query::engine::where_clause::{Conditions, Selection};
use crate::{AuditTrail, Scope, TableName};

/// A change may be captured by a clock that was set back meanwhile, so much before its transaction began.
const CLOCK: TimeDelta = TimeDelta::seconds(1);

/// The tables that one transaction touched, with the changes that the scope shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableCounts {
    /// Each table with its number of changes, the most changed first.
    pub tables: Vec<(TableName, usize)>,
    /// Whether counting stopped before every change was counted: there is at least this much.
    pub truncated: bool,
}

impl TableCounts {
    /// The changes of all tables together.
    #[must_use]
    pub fn count(&self) -> Count {
        let count = self.tables.iter().map(|(_, count)| count).sum();
        if self.truncated { Count::Truncated(count) } else { Count::Exact(count) }
    }
}

impl AuditTrail {
    /// Which tables these transactions touched, and with how many changes, counted no further than `cap` changes of each
    /// transaction. One answer for each, in their order; an empty one where the scope shows no change.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::query::Position;
    /// use threadline::{ActorKind, Scope};
    ///
    /// let scope = Scope::unscoped();
    /// let page = trail.transactions_by_actor(&scope, ActorKind::Job, [None, None], Position::Newest, 50).await?;
    /// let touched = trail.table_counts(&scope, &page.entries, 1_000).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn table_counts(
        &self,
        scope: &Scope,
        transactions: &[TransactionRecord],
        cap: usize,
    ) -> Result<Vec<TableCounts>, QueryError> {
        let Some(first) = transactions.iter().map(|transaction| transaction.occurred_at).min() else {
            return Ok(Vec::new());
        };
        let (ids, times): (Vec<Uuid>, Vec<DateTime<Utc>>) =
            transactions.iter().map(|transaction| (transaction.id, transaction.occurred_at)).unzip();
        let mut reader = self.reader().await?;
        let mut sql =
            QueryBuilder::new("SELECT wanted.id, c.table_schema, c.table_name, count(*) FROM unnest(");
        sql.push_bind(ids).push(", ").push_bind(times);
        sql.push(reader.fill(
            ") AS wanted (id, at) CROSS JOIN LATERAL (SELECT c.table_schema, c.table_name FROM __schema__.audit_changes AS c
               WHERE c.transaction_id = wanted.id AND ",
        ));
        let mut window = Window::default();
        // Only there is the time of a transaction its beginning, so that none of its changes is older.
        if reader.layout().has_occurred_at {
            sql.push("c.occurred_at = wanted.at AND ");
            window.from = first.checked_sub_signed(CLOCK);
        }
        let any = Filter::default();
        let selection = Selection::new(scope, &any);
        reader.conditions(&mut sql).push(selection, Position::Newest, window);
        sql.push(" LIMIT ").push_bind(clamp(cap.saturating_add(1)));
        sql.push(") AS c GROUP BY 1, 2, 3 ORDER BY 4 DESC, 2, 3");
        let rows = reader.fetch_all(sql).await?;
        let mut touched: HashMap<Uuid, TableCounts> = HashMap::new();
        for row in rows {
            let table = TableName::new(row.try_get::<String, _>(1)?, row.try_get::<String, _>(2)?);
            let count = usize::try_from(row.try_get::<i64, _>(3)?).unwrap_or(usize::MAX);
            touched.entry(row.try_get(0)?).or_default().tables.push((table, count));
        }
        let answer = |transaction: &TransactionRecord| {
            let mut touched = touched.remove(&transaction.id).unwrap_or_default();
            touched.stop_at(cap);
            touched
        };
        Ok(transactions.iter().map(answer).collect())
    }
}

impl TableCounts {
    /// One change more than is counted was read, to learn whether there are more.
    fn stop_at(&mut self, cap: usize) {
        let count: usize = self.tables.iter().map(|(_, count)| count).sum();
        if count > cap
            && let Some((_, count)) = self.tables.first_mut()
        {
            *count -= 1;
            self.truncated = true;
        }
    }
}

impl Conditions<'_> {
    /// Of transactions `t`: the scope shows at least one change.
    pub(super) fn push_shown(&mut self, scope: &Scope) {
        if !scope.is_limited() {
            return;
        }
        // Together they leave the partitions to look into: a change is captured after its transaction began, unless a clock
        // was set back.
        let time = if self.layout.has_occurred_at {
            " AND c.occurred_at = t.occurred_at AND c.captured_at >= t.occurred_at - interval '1 hour'"
        } else {
            ""
        };
        self.sql.push(self.schema.fill(&format!(
            " AND EXISTS (SELECT FROM __schema__.audit_changes AS c WHERE c.transaction_id = t.id{time} AND "
        )));
        let any = Filter::default();
        let selection = Selection::new(scope, &any);
        self.push(selection, Position::Newest, Window::default());
        self.sql.push(" OFFSET 0)");
    }
}
