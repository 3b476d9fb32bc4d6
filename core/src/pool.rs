//! Transactions on the host's pool.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

/// Lets a transaction resolve no name and no operator outside of `pg_catalog`. The owner of a database chooses the search path of
/// its sessions, and could have what reads the trail execute an operator or a function of its own, with the rights of the
/// reader. `pg_temp` stands last, because it is searched first where it is not named. `SET` itself resolves nothing.
pub(crate) const PIN_SEARCH_PATH: &str = "SET LOCAL search_path = pg_catalog, pg_temp";

/// Begins a transaction, and leaves no trace of it in the pool when the caller is cancelled.
///
/// Dropped while `BEGIN` is under way, sqlx's own future gives the connection back with the transaction open and does not
/// know of it; the next user of that connection would work inside of it. So this runs to its end in a task of its own; what
/// nobody waits for any more is rolled back there. The statement must be a single one: when the second of two fails, the
/// transaction that the first began stays open.
pub(crate) async fn begin(
    pool: &PgPool,
    statement: &'static str,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(statement).await });
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

/// Begins a transaction that changes the schema of the database: with a safe search path, and with a limit on how long it
/// waits for a lock (none, if it is zero). It sees what others have committed while it waited.
///
/// Both settings end with the transaction, so this works behind PgBouncer in transaction mode.
pub(crate) async fn begin_ddl(
    pool: &PgPool,
    lock_timeout: Duration,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction = begin(pool, "BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let settings = format!("{PIN_SEARCH_PATH}; {}", set_lock_timeout(lock_timeout));
    sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut *transaction).await?;
    Ok(transaction)
}

/// The setting as SQL, in whole seconds where that is exact. What is shorter than a millisecond is one, because zero would
/// wait for ever; what is longer than PostgreSQL can count is as long as it can.
pub(crate) fn set_lock_timeout(timeout: Duration) -> String {
    let milliseconds = timeout.as_nanos().div_ceil(1_000_000).min(i32::MAX.unsigned_abs().into());
    let value = match milliseconds {
        0 => "0".to_owned(),
        whole if whole.is_multiple_of(1000) => format!("{}s", whole / 1000),
        other => format!("{other}ms"),
    };
    format!("SET LOCAL lock_timeout = '{value}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_zero_waits_for_ever() {
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
