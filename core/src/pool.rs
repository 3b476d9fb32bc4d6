//! Transactions on the host's pool.

use sqlx::{PgPool, Postgres, Transaction};

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
