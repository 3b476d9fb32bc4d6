//! A trail in the test's own database, and SQL for it.

use std::time::Duration;

use sqlx::postgres::PgExecutor;
use sqlx::{AssertSqlSafe, PgPool};
use threadline::AuditTrail;

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

/// Runs statements; an error names them. Without `BEGIN` they are one transaction.
pub async fn run<'c>(executor: impl PgExecutor<'c>, sql: &str) -> Result {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(executor)
        .await
        .map_err(|error| format!("{error} in\n{sql}"))?;
    Ok(())
}

/// The only value of the only row. Nothing is kept from one call to the next: tables change their types in between.
pub async fn value<'c, T>(executor: impl PgExecutor<'c>, sql: &str) -> Result<T>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    let value = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).persistent(false).fetch_one(executor).await;
    value.map_err(|error| format!("{error} in\n{sql}").into())
}
