//! One read-only transaction, and how its statements are planned and run.

use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, QueryBuilder, Transaction};

use super::schema_features::SchemaFeatures;
use super::where_clause::WhereClause;
use crate::query::model::error::QueryError;
use crate::{AuditTrail, StorageSchema, pool};

/// The trail as it was when the transaction began. All results of one snapshot are consistent, and they share one
/// transaction, which takes fewer round trips than one for each.
///
/// The transaction only reads, and uses the pool for reading if there is one. It holds a connection of that pool: drop the
/// snapshot before you wait for anything else.
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
    transaction: Transaction<'static, Postgres>,
    schema: &'a StorageSchema,
    features: SchemaFeatures,
    search_time: Duration,
    statement_timeout: Duration,
    /// True if the host allows prepared statements. Behind a pooler in transaction mode, a named statement may be missing or
    /// belong to another client.
    may_prepare: bool,
    /// The mode that was set last.
    plan_mode: PlanMode,
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
    /// Begins a transaction that only reads.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer, or holds no trail.
    pub async fn snapshot(&self) -> Result<Snapshot<'_>, QueryError> {
        let pool = self.read_pool.as_ref().unwrap_or(&self.pool);
        let mut transaction = pool::begin(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        sqlx::raw_sql(AssertSqlSafe(settings(self.statement_timeout, self.prepared)))
            .execute(&mut *transaction)
            .await?;
        let features = self.schema_features.get(&mut transaction, &self.schema).await?;
        Ok(Snapshot {
            transaction,
            schema: &self.schema,
            features,
            search_time: self.search_time,
            statement_timeout: self.statement_timeout,
            may_prepare: self.prepared,
            plan_mode: PlanMode::Generic,
        })
    }
}

/// Returns the planner settings of a transaction.
///
/// Every query wants the first few rows in the order of an index. Sequential and bitmap scans, hash and merge joins,
/// parallelism and JIT read or prepare more than such a query returns, and the planner would choose them where its estimates
/// are wrong. A generic plan still prunes partitions, when it is executed.
fn settings(statement_timeout: Duration, prepared: bool) -> String {
    let off = ["jit", "enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"];
    let mut settings = pool::PIN_SEARCH_PATH.to_owned();
    settings +=
        &format!("; SET LOCAL statement_timeout = {}", pool::timeout_millis(statement_timeout).max(1));
    settings += "; SET LOCAL max_parallel_workers_per_gather = 0";
    off.iter().for_each(|name| settings += &format!("; SET LOCAL {name} = off"));
    if prepared {
        settings += "; SET LOCAL plan_cache_mode = force_generic_plan";
    }
    settings
}

impl Snapshot<'_> {
    pub(in crate::query) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    pub(in crate::query) const fn features(&self) -> SchemaFeatures {
        self.features
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
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        self.fetch_planned(sql, PlanMode::Generic).await
    }

    /// Runs a statement that returns one row, prepared where the host allows it.
    pub(in crate::query) async fn fetch_one(
        &mut self,
        sql: QueryBuilder<Postgres>,
    ) -> Result<PgRow, sqlx::Error> {
        self.fetch_all(sql).await?.pop().ok_or(sqlx::Error::RowNotFound)
    }

    /// Runs a statement in this plan mode. Only a generic plan is worth keeping, so only those statements are prepared.
    pub(in crate::query) async fn fetch_planned(
        &mut self,
        mut sql: QueryBuilder<Postgres>,
        plan_mode: PlanMode,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        if self.may_prepare && self.plan_mode != plan_mode {
            let statement = match plan_mode {
                PlanMode::Generic => "SET LOCAL plan_cache_mode = force_generic_plan",
                PlanMode::Custom => "SET LOCAL plan_cache_mode = force_custom_plan",
            };
            sqlx::raw_sql(statement).execute(&mut *self.transaction).await?;
            self.plan_mode = plan_mode;
        }
        let is_prepared = self.may_prepare && plan_mode == PlanMode::Generic;
        sql.build().persistent(is_prepared).fetch_all(&mut *self.transaction).await
    }
}

/// The settings that [`Snapshot::end_time_limit`] restores.
#[derive(Debug)]
#[must_use]
pub(in crate::query) struct TimeLimit {
    plan_mode: PlanMode,
}

impl Snapshot<'_> {
    /// Limits the next statements to the search time of a page each, until [`end_time_limit`](Self::end_time_limit).
    pub(in crate::query) async fn begin_time_limit(&mut self) -> Result<TimeLimit, sqlx::Error> {
        let timeout = pool::timeout_millis(self.search_time.min(self.statement_timeout)).max(1);
        let begin = format!("SAVEPOINT threadline_time_limit; SET LOCAL statement_timeout = {timeout}");
        sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *self.transaction).await?;
        Ok(TimeLimit { plan_mode: self.plan_mode })
    }

    /// Returns the result, or none if a statement reached the limit. The snapshot can be used in both cases.
    pub(in crate::query) async fn end_time_limit<T>(
        &mut self,
        limit: TimeLimit,
        result: Result<T, QueryError>,
    ) -> Result<Option<T>, QueryError> {
        let answer = match result {
            Err(QueryError::Timeout) => None,
            result => Some(result?),
        };
        let end = "ROLLBACK TO SAVEPOINT threadline_time_limit; RELEASE SAVEPOINT threadline_time_limit";
        sqlx::raw_sql(end).execute(&mut *self.transaction).await?;
        self.plan_mode = limit.plan_mode;
        Ok(answer)
    }
}
