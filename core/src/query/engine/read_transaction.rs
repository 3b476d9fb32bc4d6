//! The transaction of a snapshot: it counts against the limit of connections that reads occupy, and if its reader goes away while
//! a statement is running, the statement is cancelled.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, Row, Transaction};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{timeout, timeout_at};

use super::snapshot::settings;
use crate::query::model::error::QueryError;
use crate::{AuditTrail, pool};

/// The number of requests to cancel a statement, and the time between two of them. The server may be between two statements when
/// it gets the first one.
const CANCEL_ATTEMPTS: u32 = 20;
const CANCEL_INTERVAL: Duration = Duration::from_millis(25);
/// The time that the database has to accept a connection after a pool gave none.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// A read-only transaction of the trail.
#[derive(Debug)]
pub(super) struct ReadTransaction {
    transaction: Transaction<'static, Postgres>,
    session: Session,
    /// True while a statement is running.
    is_running: bool,
    permit: Option<OwnedSemaphorePermit>,
}

/// The session of a transaction, as `pg_stat_activity` shows it.
#[derive(Debug, Clone)]
struct Session {
    options: PgConnectOptions,
    pid: i32,
    transaction_start: DateTime<Utc>,
}

impl ReadTransaction {
    pub(super) async fn begin(trail: &AuditTrail) -> Result<Self, QueryError> {
        let ReadConnection { connection, permit } = ReadConnection::acquire(trail).await?;
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let mut transaction = pool::begin_on(connection, begin).await?;
        let settings = settings(trail.statement_timeout, trail.prepared);
        let sql = format!(
            "{settings}; SELECT pg_backend_pid() AS pid, transaction_timestamp() AS transaction_start"
        );
        let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut *transaction).await?;
        let session = Session {
            options: (*trail.pool_of_reads().connect_options()).clone(),
            pid: row.try_get("pid")?,
            transaction_start: row.try_get("transaction_start")?,
        };
        Ok(Self { transaction, session, is_running: false, permit })
    }

    /// Returns the connection for one statement, which runs until [`end_statement`](Self::end_statement).
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        self.is_running = true;
        &mut self.transaction
    }

    pub(super) const fn end_statement(&mut self) {
        self.is_running = false;
    }
}

/// A connection for reading, and the permission to occupy it.
#[derive(Debug)]
pub(in crate::query) struct ReadConnection {
    pub(in crate::query) connection: PoolConnection<Postgres>,
    permit: Option<OwnedSemaphorePermit>,
}

impl ReadConnection {
    /// Waits for both no longer than for one statement, because the pool may allow its users more time than a page has.
    pub(in crate::query) async fn acquire(trail: &AuditTrail) -> Result<Self, QueryError> {
        let deadline = Instant::now().checked_add(trail.statement_timeout);
        let permit = trail.read_permit().await?;
        let pool = trail.pool_of_reads();
        let acquired = match deadline {
            Some(deadline) => {
                timeout_at(deadline.into(), pool.acquire()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
            }
            None => pool.acquire().await,
        };
        match acquired {
            Ok(connection) => Ok(Self { connection, permit }),
            Err(sqlx::Error::PoolTimedOut) => Err(pool_timeout_cause(pool).await.into()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns why a pool gave no connection in time. While the database is down or refuses sessions, the pool tries to connect until its
/// timeout, which looks the same as a pool whose connections are all in use. One more connection tells the two apart.
async fn pool_timeout_cause(pool: &PgPool) -> sqlx::Error {
    let options = (*pool.connect_options()).clone();
    match timeout(PROBE_TIMEOUT, PgConnection::connect_with(&options)).await {
        Ok(Ok(connection)) => connection.close().await.err().unwrap_or(sqlx::Error::PoolTimedOut),
        Ok(Err(error)) => error,
        Err(_) => sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()),
    }
}

impl Drop for ReadTransaction {
    /// Cancels the statement whose reader has gone away, such as a browser that closed the connection. sqlx returns the connection
    /// to the pool only after the statement has ended, so the permit is kept for as long.
    fn drop(&mut self) {
        if !self.is_running {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (session, permit) = (self.session.clone(), self.permit.take());
            runtime.spawn(async move {
                if let Err(error) = session.cancel().await {
                    tracing::debug!(error = ?error.to_string(), "a statement could not be cancelled: it ends by its timeout");
                }
                drop(permit);
            });
        }
    }
}

impl Session {
    /// Cancels the statement of the transaction, if it is still running. The session may belong to another transaction by then, which
    /// has another start.
    async fn cancel(&self) -> Result<(), sqlx::Error> {
        // A connection of its own, because the pool may have none left.
        let mut connection = PgConnection::connect_with(&self.options).await?;
        for _ in 0..CANCEL_ATTEMPTS {
            let cancelled: Option<bool> = sqlx::query_scalar(
                "SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity
                 WHERE pid OPERATOR(pg_catalog.=) $1 AND xact_start OPERATOR(pg_catalog.=) $2",
            )
            .bind(self.pid)
            .bind(self.transaction_start)
            .persistent(false)
            .fetch_optional(&mut connection)
            .await?;
            if cancelled.is_none() {
                break;
            }
            tokio::time::sleep(CANCEL_INTERVAL).await;
        }
        connection.close().await
    }
}
