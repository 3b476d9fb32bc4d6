//! Begins transactions on the host's pool.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, PgPool, Postgres, SqlSafeStr, Transaction};

/// Restricts name resolution of a transaction to `pg_catalog`.
///
/// The owner of a database can set the search path of its sessions, and could otherwise make a reader of the trail execute a
/// function or operator of the owner, with the privileges of the reader. `pg_temp` is named last, because PostgreSQL searches
/// it first if it is not named.
pub(crate) const PIN_SEARCH_PATH: &str = "SET LOCAL search_path = pg_catalog, pg_temp";

/// Begins a transaction that is rolled back if the caller is cancelled.
///
/// If the future of sqlx is dropped while `BEGIN` is running, sqlx returns the connection to the pool with an open transaction, and
/// its next user would work in that transaction. So `BEGIN` runs in a task, which rolls the transaction back if no caller waits
/// for it any more. The wait for a connection is no part of the task: callers that have given up would else queue before those that
/// still wait. `statement` must be a single statement: if the second of two failed, the transaction of the first would stay open.
pub(crate) async fn begin(
    pool: &PgPool,
    statement: &'static str,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    begin_on(pool.acquire().await?, statement).await
}

/// Begins a transaction as [`begin`] does, on a connection of a pool.
pub(crate) async fn begin_on(
    connection: PoolConnection<Postgres>,
    statement: &'static str,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let begun = tokio::spawn(Transaction::begin(connection, Some(statement.into_sql_str())));
    begun.await.map_err(|_| sqlx::Error::WorkerCrashed)?
}

/// Begins a transaction as [`begin`] does, with [`PIN_SEARCH_PATH`] as its first statement.
pub(crate) async fn begin_pinned(
    pool: &PgPool,
    statement: &'static str,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction = begin(pool, statement).await?;
    sqlx::raw_sql(PIN_SEARCH_PATH).execute(&mut *transaction).await?;
    Ok(transaction)
}

/// Begins a transaction for DDL, with a safe search path and a lock timeout (zero for none). It sees what other transactions
/// committed while it waited for a lock.
///
/// Both settings end with the transaction, so this works with PgBouncer in transaction mode.
pub(crate) async fn begin_ddl(
    pool: &PgPool,
    lock_timeout: Duration,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction = begin(pool, "BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let settings = format!("{PIN_SEARCH_PATH}; {}", set_lock_timeout(lock_timeout));
    sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut *transaction).await?;
    Ok(transaction)
}

/// Returns a timeout for a setting of PostgreSQL, in milliseconds. A timeout above the maximum of PostgreSQL becomes that maximum.
/// A fraction of a millisecond is rounded up, because zero disables the timeout.
pub(crate) fn timeout_millis(timeout: Duration) -> i32 {
    i32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
}

/// Returns the statement that sets the lock timeout, in whole seconds if that is exact.
pub(crate) fn set_lock_timeout(timeout: Duration) -> String {
    let value = match timeout_millis(timeout) {
        0 => "0".to_owned(),
        whole if whole % 1000 == 0 => format!("{}s", whole / 1000),
        other => format!("{other}ms"),
    };
    format!("SET LOCAL lock_timeout = '{value}'")
}

/// Returns the statements that limit the time of each statement of a reader. The wait for a lock has a shorter limit, so that a
/// lock is reported as a lock, and not as a slow query.
pub(crate) fn set_read_timeouts(statement_timeout: Duration) -> String {
    let lock_timeout = (statement_timeout / 2).max(Duration::from_millis(1));
    let statement_timeout = timeout_millis(statement_timeout).max(1);
    format!("SET LOCAL statement_timeout = {statement_timeout}; {}", set_lock_timeout(lock_timeout))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_lock_timeout_disables_the_timeout_only_for_zero() {
        for (timeout, value) in [
            (Duration::ZERO, "0"),
            (Duration::from_nanos(1), "1ms"),
            (Duration::from_millis(1500), "1500ms"),
            (Duration::from_secs(5), "5s"),
            (Duration::MAX, "2147483647ms"),
        ] {
            assert_eq!(set_lock_timeout(timeout), format!("SET LOCAL lock_timeout = '{value}'"));
        }
    }
}
