//! One reading transaction, and the statements that questions are made of.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Postgres, QueryBuilder, Row, Transaction};

use crate::query::engine::index_path::Places;
use crate::query::engine::schema_features::Layout;
use crate::query::engine::time_windows::{Window, Windows};
use crate::query::engine::where_clause::{Conditions, Selection};
use crate::query::{Change, Position, QueryError, STATEMENT_TIMEOUT};
use crate::{AuditTrail, StorageSchema, pool};

/// The beginning of a statement that counts.
pub(in crate::query) const COUNT: &str = "SELECT count(*) FROM (SELECT";

/// A transaction that cannot write and cannot run for long, on the pool for reading if there is one. All its statements see the
/// same moment.
///
/// Its statements are not persistent, unless the host says that they may be: a named one may be missing, or belong to somebody
/// else, behind a pooler in transaction mode.
#[derive(Debug)]
pub(in crate::query) struct Reader<'a> {
    transaction: Transaction<'static, Postgres>,
    schema: &'a StorageSchema,
    layout: Layout,
    search_time: Duration,
    /// Whether the host allows prepared statements.
    may_prepare: bool,
    /// How the server was told to plan.
    pub(in crate::query) told: Planning,
}

/// How statements are planned that may be prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum Planning {
    /// Once, for whatever values come.
    Once,
    /// Each time, for the values that they look for.
    ForValues,
}

impl AuditTrail {
    pub(in crate::query) async fn reader(&self) -> Result<Reader<'_>, QueryError> {
        let pool = self.read_pool.as_ref().unwrap_or(&self.pool);
        let mut transaction = pool::begin(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        sqlx::raw_sql(AssertSqlSafe(settings(self.prepared))).execute(&mut *transaction).await?;
        let layout = self.layout.get(&mut transaction, &self.schema).await?;
        Ok(Reader {
            transaction,
            schema: &self.schema,
            layout,
            search_time: self.search_time,
            may_prepare: self.prepared,
            told: Planning::Once,
        })
    }
}

/// Every question is for the few newest of something that an index has in order. Where the planner expects few rows it would
/// rather read all of them by bitmap or hash and sort; where it expects many, start workers or compile: each takes longer
/// than all that is needed.
///
/// The plan of a prepared statement is made once, for whatever values come: which partitions they lie in is found out each time.
fn settings(prepared: bool) -> String {
    let off = ["jit", "enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"];
    let mut settings = pool::PIN_SEARCH_PATH.to_owned();
    settings += &format!("; SET LOCAL statement_timeout = {}", STATEMENT_TIMEOUT.as_millis());
    settings += "; SET LOCAL max_parallel_workers_per_gather = 0";
    off.iter().for_each(|name| settings += &format!("; SET LOCAL {name} = off"));
    if prepared {
        settings += "; SET LOCAL plan_cache_mode = force_generic_plan";
    }
    settings
}

impl Reader<'_> {
    pub(in crate::query) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    pub(in crate::query) const fn layout(&self) -> Layout {
        self.layout
    }

    /// Runs a statement, prepared where the host allows it.
    pub(in crate::query) async fn fetch_all(
        &mut self,
        sql: QueryBuilder<Postgres>,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        self.fetch_planned(sql, Planning::Once).await
    }

    async fn fetch_planned(
        &mut self,
        mut sql: QueryBuilder<Postgres>,
        planning: Planning,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let is_prepared = self.plan(planning).await?;
        sql.build().persistent(is_prepared).fetch_all(&mut *self.transaction).await
    }

    /// Runs a statement that answers one row, prepared where the host allows it.
    pub(in crate::query) async fn fetch_one(
        &mut self,
        mut sql: QueryBuilder<Postgres>,
    ) -> Result<PgRow, sqlx::Error> {
        let is_prepared = self.plan(Planning::Once).await?;
        sql.build().persistent(is_prepared).fetch_one(&mut *self.transaction).await
    }

    /// Tells the server how to plan the next statement, unless it knows; answers whether that is a prepared one.
    async fn plan(&mut self, planning: Planning) -> Result<bool, sqlx::Error> {
        if self.may_prepare && self.told != planning {
            let statement = match planning {
                Planning::Once => "SET LOCAL plan_cache_mode = force_generic_plan",
                Planning::ForValues => "SET LOCAL plan_cache_mode = force_custom_plan",
            };
            sqlx::raw_sql(statement).execute(&mut *self.transaction).await?;
            self.told = planning;
        }
        Ok(self.may_prepare && planning == Planning::Once)
    }

    pub(in crate::query) const fn search_time(&self) -> Duration {
        self.search_time
    }

    pub(in crate::query) fn fill(&self, sql: &str) -> String {
        self.schema.fill(sql)
    }

    /// How many changes there are from this position on, counted no further than `limit`.
    pub(in crate::query) async fn count(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        limit: usize,
    ) -> Result<usize, QueryError> {
        if selection.is_impossible() {
            return Ok(0);
        }
        if let Some(counted) = self.count_by_transaction(selection, position, limit).await? {
            return Ok(counted);
        }
        self.count_by_walking(selection, position, limit).await
    }

    /// How many there are, along the timeline or the place of a table or a row.
    pub(in crate::query) async fn count_by_walking(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        limit: usize,
    ) -> Result<usize, QueryError> {
        let mut counted = 0;
        for window in self.windows(selection, position) {
            let mut sql = QueryBuilder::new(COUNT);
            self.push_from(&mut sql, selection, position, window, limit - counted);
            counted += self.fetch_count(sql, limit - counted).await?;
            if counted >= limit {
                break;
            }
        }
        Ok(counted)
    }

    pub(in crate::query) fn windows(&self, selection: Selection<'_>, position: Position) -> Windows {
        Windows::of(selection, position, self.layout)
    }

    pub(in crate::query) async fn changes_within(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        window: Window,
        limit: usize,
    ) -> Result<Vec<Found>, QueryError> {
        let mut sql = self.select_changes();
        self.push_from(&mut sql, selection, position, window, limit);
        // In a small partition, the next change of a row would be looked for along the timeline.
        let is_next_of_row = limit == 1 && selection.filter.key.is_some();
        let planning = if is_next_of_row { Planning::ForValues } else { Planning::Once };
        self.fetch_changes_planned(sql, position, limit, planning).await
    }

    pub(in crate::query) fn select_changes(&self) -> QueryBuilder<Postgres> {
        let before =
            if self.layout.has_changed_from { "c.changed_from" } else { "NULL::jsonb AS changed_from" };
        let time =
            if self.layout.has_occurred_at { "c.occurred_at" } else { "NULL::timestamptz AS occurred_at" };
        let own = if self.layout.has_old_keys {
            "c.old_pk, c.partition_name, c.clock_at"
        } else {
            "NULL::jsonb AS old_pk, NULL::text AS partition_name, NULL::timestamptz AS clock_at"
        };
        QueryBuilder::new(format!(
            "SELECT c.id, c.transaction_id, c.table_schema, c.table_name, c.table_pk, c.op, c.data_after,
                    c.changed_fields, c.captured_at, {before}, {time}, {own}"
        ))
    }

    /// Runs a statement that selects changes `c`, in order and no more than so many.
    pub(in crate::query) async fn fetch_changes(
        &mut self,
        sql: QueryBuilder<Postgres>,
        position: Position,
        limit: usize,
    ) -> Result<Vec<Found>, QueryError> {
        self.fetch_changes_planned(sql, position, limit, Planning::Once).await
    }

    async fn fetch_changes_planned(
        &mut self,
        mut sql: QueryBuilder<Postgres>,
        position: Position,
        limit: usize,
        planning: Planning,
    ) -> Result<Vec<Found>, QueryError> {
        let order = position.order();
        sql.push(format!(" ORDER BY c.captured_at {order}, c.id {order}"));
        push_limit(&mut sql, limit);
        let rows = self.fetch_planned(sql, planning).await?;
        let found =
            |row| Ok(Found { change: Change::from_row(row)?, occurred_at: row.try_get("occurred_at")? });
        rows.iter().map(found).collect()
    }

    /// Runs a statement that begins with [`COUNT`], and counts no more than so many.
    pub(in crate::query) async fn fetch_count(
        &mut self,
        mut sql: QueryBuilder<Postgres>,
        limit: usize,
    ) -> Result<usize, QueryError> {
        push_limit(&mut sql, limit);
        sql.push(") AS counted");
        let count: i64 = self.fetch_one(sql).await?.try_get(0)?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn push_from(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        selection: Selection<'_>,
        position: Position,
        window: Window,
        limit: usize,
    ) {
        let places = Places::of(selection, self.layout);
        places.push_list(sql, self.schema);
        if !places.are_several() {
            self.push_place(sql, selection, position, window, &places, places.columns()[0]);
            return;
        }
        for (at, column) in places.columns().iter().enumerate() {
            sql.push(if at == 0 { "(SELECT *" } else { ") UNION ALL (SELECT *" });
            self.push_place(sql, selection, position, window, &places, column);
            let order = position.order();
            sql.push(format!(" ORDER BY c.captured_at {order}, c.id {order}"));
            push_limit(sql, limit);
        }
        sql.push(")) AS c");
    }

    /// The changes of one place, from FROM on.
    fn push_place(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        selection: Selection<'_>,
        position: Position,
        window: Window,
        places: &Places<'_>,
        column: &str,
    ) {
        match selection.transaction {
            // Found by its id first, however much the rest seems to leave of it.
            Some(transaction) => {
                sql.push(
                    self.fill(" FROM (SELECT * FROM __schema__.audit_changes AS c WHERE c.transaction_id = "),
                );
                sql.push_bind(transaction);
                if let Some(from) = window.from {
                    sql.push(" AND c.captured_at >= ").push_bind(from);
                }
                sql.push(" OFFSET 0) AS c WHERE ")
            }
            None => sql.push(self.fill(" FROM __schema__.audit_changes AS c WHERE ")),
        };
        places.push_condition(sql, self.schema, column);
        self.conditions(sql).push(selection, position, window);
    }

    pub(in crate::query) fn conditions<'b>(&'b self, sql: &'b mut QueryBuilder<Postgres>) -> Conditions<'b> {
        Conditions { sql, schema: self.schema, layout: self.layout }
    }
}

/// A change as it was found.
#[derive(Debug)]
pub(in crate::query) struct Found {
    pub(in crate::query) change: Change,
    pub(in crate::query) occurred_at: Option<DateTime<Utc>>,
}

/// The one that is looked for most is written out: a plan for whatever number comes would not begin where it lies.
pub(in crate::query) fn push_limit(sql: &mut QueryBuilder<Postgres>, limit: usize) {
    if limit == 1 {
        sql.push(" LIMIT 1");
    } else {
        sql.push(" LIMIT ").push_bind(clamp(limit));
    }
}

pub(in crate::query) fn clamp(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
