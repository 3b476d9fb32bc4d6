//! Installs a trail in the database of a test, and runs SQL in it.

use std::time::Duration;

use sqlx::postgres::PgExecutor;
use sqlx::{AssertSqlSafe, PgPool};
use threadline::AuditTrail;

/// The result of a test or of test support.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Returns a trail without time limits, so that no result depends on the speed or load of the machine.
pub fn trail(pool: &PgPool) -> AuditTrail {
    AuditTrail::new(pool.clone()).search_time(Duration::MAX).statement_timeout(Duration::MAX)
}

/// Installs a trail without time limits.
pub async fn install(pool: &PgPool) -> Result<AuditTrail> {
    let trail = trail(pool);
    trail.install().await?;
    Ok(trail)
}

/// Runs statements, in one transaction if there is no `BEGIN` among them. The error contains the statements.
pub async fn run<'c>(executor: impl PgExecutor<'c>, sql: &str) -> Result {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(executor)
        .await
        .map_err(|error| format!("{error} in\n{sql}"))?;
    Ok(())
}

/// Returns the value of a query with one column and one row. The statement is not kept prepared, because tests change the types
/// of columns between calls.
pub async fn value<'c, T>(executor: impl PgExecutor<'c>, sql: &str) -> Result<T>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    let value = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).persistent(false).fetch_one(executor).await;
    value.map_err(|error| format!("{error} in\n{sql}").into())
}
