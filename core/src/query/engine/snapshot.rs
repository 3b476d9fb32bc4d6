//! One read-only transaction, and how its statements are planned and run.

use std::time::{Duration, Instant};

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, QueryBuilder};

use super::criteria::Criteria;
use super::read_transaction::ReadTransaction;
use super::schema_features::SchemaFeatures;
use super::where_clause::WhereClause;
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;
use crate::query::model::value_limits::ValueLimits;
use crate::query::value_index::ValueIndex;
use crate::{AuditTrail, StorageSchema, TableName, pool};

/// A consistent view of the trail: a read-only transaction in which all queries see the same changes. Sharing one transaction
/// takes fewer round trips than one transaction per query.
///
/// [`AuditTrail::snapshot`] creates it, on a connection of the [read pool](AuditTrail::read_pool) if there is one. It occupies
/// this connection until it is dropped: drop it before you wait for anything else. An error of the database ends the
/// transaction, so use a new snapshot after [`QueryError::Timeout`] and [`QueryError::Database`].
///
/// ```no_run
/// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::Scope;
/// use threadline::query::{Filter, Position};
///
/// let (scope, filter) = (Scope::unscoped(), Filter::default());
/// let mut snapshot = trail.snapshot().await?;
/// let mut page = snapshot.timeline_page(&scope, &filter, Position::Newest, 50).await?;
/// snapshot.load_old_values(&scope, page.entries.iter_mut().map(|entry| &mut entry.change)).await?;
/// let count = snapshot.count(&scope, &filter, 10_000).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Snapshot<'a> {
    transaction: ReadTransaction,
    schema: &'a StorageSchema,
    features: SchemaFeatures,
    /// The indexes of a searched column, once they have been looked for.
    value_index: Option<(TableName, String, Option<ValueIndex>)>,
    /// The limits of the values that are read; none if they are read whole.
    pub(in crate::query) value_limits: Option<ValueLimits>,
    search_time: Duration,
    /// True if the host allows prepared statements. Behind a pooler in transaction mode, a named statement may be missing or
    /// belong to another client.
    may_prepare: bool,
    /// The mode that was set last.
    plan_mode: PlanMode,
    /// The timeout of the next statement.
    current_timeout: Duration,
    /// The moment from which no statement is begun; none for no limit.
    deadline: Option<Instant>,
}

/// The value of `plan_cache_mode` for a statement that may be prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum PlanMode {
    /// The statement is planned once, for all parameters.
    Generic,
    /// The statement is planned each time, for its parameters.
    Custom,
}

impl AuditTrail {
    /// Begins a read-only transaction (`REPEATABLE READ`) for queries that must see the trail at one moment.
    ///
    /// # Errors
    /// [`QueryError::NotInstalled`] if the storage schema holds no trail, and [`QueryError::Database`].
    pub async fn snapshot(&self) -> Result<Snapshot<'_>, QueryError> {
        let mut transaction = ReadTransaction::begin(self).await?;
        let features = self.schema_features.get(transaction.connection(), &self.schema).await?;
        transaction.end_statement();
        Ok(Snapshot {
            transaction,
            schema: &self.schema,
            features,
            value_index: None,
            value_limits: None,
            search_time: self.search_time,
            may_prepare: self.prepared,
            plan_mode: PlanMode::Generic,
            current_timeout: self.statement_timeout,
            deadline: None,
        })
    }
}

/// Returns the table and the column of a search that indexes may serve. The key of a row, or a transaction, is more selective.
fn indexed_column<'c>(criteria: Criteria<'c>) -> Option<(&'c TableName, &'c str)> {
    let Filter { table, field, value, key, .. } = criteria.filter;
    let is_served = value.as_ref()?.is_whole() && key.is_none() && criteria.transaction.is_none();
    let table =
        table.as_ref()?.only().filter(|table| is_served && criteria.scope.shows_all_of_table(table))?;
    Some((table, field.as_ref()?.only()?))
}

/// Returns the planner settings of a transaction.
///
/// Every query wants the first few rows in the order of an index. Sequential and bitmap scans, hash and merge joins,
/// parallelism and JIT read or prepare more than such a query returns, and the planner would choose them where its estimates
/// are wrong. A generic plan still prunes partitions, when it is executed.
pub(super) fn settings(statement_timeout: Duration, prepared: bool) -> String {
    let off = ["jit", "enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"];
    let mut settings = pool::PIN_SEARCH_PATH.to_owned();
    settings += "; ";
    settings += &pool::set_read_timeouts(statement_timeout);
    settings += "; SET LOCAL max_parallel_workers_per_gather = 0";
    off.iter().for_each(|name| settings += &format!("; SET LOCAL {name} = off"));
    if prepared {
        settings += "; SET LOCAL plan_cache_mode = force_generic_plan";
    }
    settings
}

impl Snapshot<'_> {
    /// Returns the connection for one statement. Call [`end_statement`](Self::end_statement) after it.
    pub(in crate::query) fn connection(&mut self) -> &mut PgConnection {
        self.transaction.connection()
    }

    /// Records that no statement is running.
    pub(in crate::query) const fn end_statement(&mut self) {
        self.transaction.end_statement();
    }

    pub(in crate::query) const fn schema(&self) -> &StorageSchema {
        self.schema
    }

    pub(in crate::query) const fn features(&self) -> SchemaFeatures {
        self.features
    }

    /// Looks for indexes that serve the search for the value of the criteria. Call it before
    /// [`value_index`](Self::value_index).
    pub(in crate::query) async fn detect_value_index(
        &mut self,
        criteria: Criteria<'_>,
    ) -> Result<(), QueryError> {
        let Some((table, column)) = indexed_column(criteria) else { return Ok(()) };
        let is_known = |(of, name, _): &(TableName, String, _)| of == table && name == column;
        if self.features.has_buckets && !self.value_index.as_ref().is_some_and(is_known) {
            let found = self.find_value_index(table, column).await?;
            self.value_index = Some((table.clone(), column.to_owned(), found));
        }
        Ok(())
    }

    /// Returns the indexes that serve the search for the value of the criteria.
    pub(in crate::query) fn value_index(&self, criteria: Criteria<'_>) -> Option<&ValueIndex> {
        let (table, column) = indexed_column(criteria)?;
        let (_, _, found) = self.value_index.as_ref()?;
        found.as_ref().filter(|index| index.table == *table && index.column == column)
    }

    pub(in crate::query) const fn search_time(&self) -> Duration {
        self.search_time
    }

    /// Replaces `__schema__` by the name of the storage schema.
    pub(in crate::query) fn fill(&self, sql: &str) -> String {
        self.schema.fill(sql)
    }

    /// Returns a writer of conditions at the end of this statement.
    pub(in crate::query) const fn where_clause<'b>(
        &'b self,
        sql: &'b mut QueryBuilder<Postgres>,
    ) -> WhereClause<'b> {
        WhereClause { sql, schema: self.schema, features: self.features }
    }

    /// Runs a statement, prepared where the host allows it.
    pub(in crate::query) async fn fetch_all(
        &mut self,
        sql: QueryBuilder<Postgres>,
    ) -> Result<Vec<PgRow>, QueryError> {
        self.fetch_planned(sql, PlanMode::Generic).await
    }

    /// Runs a statement that returns one row, prepared where the host allows it.
    pub(in crate::query) async fn fetch_one(
        &mut self,
        sql: QueryBuilder<Postgres>,
    ) -> Result<PgRow, QueryError> {
        self.fetch_all(sql).await?.pop().ok_or(QueryError::Database(sqlx::Error::RowNotFound))
    }

    /// Runs a statement in this plan mode. Only a generic plan is worth keeping, so only those statements are prepared.
    pub(in crate::query) async fn fetch_planned(
        &mut self,
        mut sql: QueryBuilder<Postgres>,
        plan_mode: PlanMode,
    ) -> Result<Vec<PgRow>, QueryError> {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(QueryError::Timeout);
        }
        if self.may_prepare && self.plan_mode != plan_mode {
            let statement = match plan_mode {
                PlanMode::Generic => "SET LOCAL plan_cache_mode = force_generic_plan",
                PlanMode::Custom => "SET LOCAL plan_cache_mode = force_custom_plan",
            };
            self.execute(statement.to_owned()).await?;
            self.plan_mode = plan_mode;
        }
        let is_prepared = self.may_prepare && plan_mode == PlanMode::Generic;
        let start = Instant::now();
        let rows = sql.build().persistent(is_prepared).fetch_all(self.connection()).await;
        self.end_statement();
        rows.map_err(|error| QueryError::of_statement(error, start.elapsed(), self.current_timeout))
    }

    async fn execute(&mut self, sql: String) -> Result<(), sqlx::Error> {
        let result = sqlx::raw_sql(AssertSqlSafe(sql)).execute(self.connection()).await;
        self.end_statement();
        result.map(drop)
    }
}

/// The settings that [`Snapshot::end_time_limit`] restores.
#[derive(Debug)]
#[must_use]
pub(in crate::query) struct TimeLimit {
    plan_mode: PlanMode,
    timeout: Duration,
    deadline: Option<Instant>,
}

impl Snapshot<'_> {
    /// Limits the next statements to the search time of a page each, until [`end_time_limit`](Self::end_time_limit).
    pub(in crate::query) async fn begin_time_limit(&mut self) -> Result<TimeLimit, sqlx::Error> {
        self.begin_statement_limit(self.search_time).await
    }

    /// Limits the next statements to the time that is left until the deadline, and begins none after it, until
    /// [`end_time_limit`](Self::end_time_limit). Limits that were begun before still hold, so no deadline means those alone.
    pub(in crate::query) async fn begin_deadline(
        &mut self,
        deadline: Option<Instant>,
    ) -> Result<TimeLimit, sqlx::Error> {
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.duration_since(Instant::now()));
        let limit = self.begin_statement_limit(left).await?;
        self.deadline = self.deadline.into_iter().chain(deadline).min();
        Ok(limit)
    }

    async fn begin_statement_limit(&mut self, time: Duration) -> Result<TimeLimit, sqlx::Error> {
        let limit =
            TimeLimit { plan_mode: self.plan_mode, timeout: self.current_timeout, deadline: self.deadline };
        self.current_timeout = time.min(self.current_timeout);
        let timeout = pool::timeout_millis(self.current_timeout).max(1);
        let begin = format!("SAVEPOINT threadline_time_limit; SET LOCAL statement_timeout = {timeout}");
        self.execute(begin).await?;
        Ok(limit)
    }

    /// Returns the result, or none if a statement reached the limit. The snapshot can be used in both cases.
    pub(in crate::query) async fn end_time_limit<T>(
        &mut self,
        limit: TimeLimit,
        result: Result<T, QueryError>,
    ) -> Result<Option<T>, QueryError> {
        self.deadline = limit.deadline;
        let answer = match result {
            Err(QueryError::Timeout) => None,
            result => Some(result?),
        };
        let end = "ROLLBACK TO SAVEPOINT threadline_time_limit; RELEASE SAVEPOINT threadline_time_limit";
        self.execute(end.to_owned()).await?;
        self.plan_mode = limit.plan_mode;
        self.current_timeout = limit.timeout;
        Ok(answer)
    }
}
