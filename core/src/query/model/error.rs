//! The error of a query.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::{StorageSchema, TableName, describe_database_error};

/// An error of a query.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The schema holds no audit trail.
    #[error("schema {schema} of this database holds no audit trail: install it, or name another schema")]
    NotInstalled {
        /// The schema.
        schema: StorageSchema,
    },
    /// The table has other key columns.
    #[error("records of {table} have the key {}, not {}", expected.join(", "), given.join(", "))]
    KeyMismatch {
        /// The table.
        table: TableName,
        /// The columns that were given.
        given: Vec<String>,
        /// The columns that identify the rows of the table, as of its last change.
        expected: Vec<String>,
    },
    /// The table has neither a recorded change nor a capture trigger, or it is not in the scope. Both cases have the same
    /// error, so that it does not reveal hidden tables.
    #[error("there is no audited table \"{table}\": capture it, or choose another table")]
    NotCaptured {
        /// The table.
        table: TableName,
    },
    /// The moment is in the future by the clock of the database.
    #[error("{at} is in the future: choose now or an earlier time")]
    FutureTimestamp {
        /// The moment.
        at: DateTime<Utc>,
    },
    /// A statement exceeded the [statement timeout](crate::AuditTrail::statement_timeout), usually because so few changes match
    /// that much of the trail was searched.
    #[error("the query timed out: narrow the time range, or filter by table")]
    Timeout,
    /// The query was cancelled before its timeout: by a person, or by a server that shuts down or replays changes of its primary.
    #[error("the query was cancelled: try again")]
    Canceled,
    /// The reads that are running occupy all connections that
    /// [`max_read_connections`](crate::AuditTrail::max_read_connections) allows, and none of them ended within the statement
    /// timeout.
    #[error("all {limit} connections for reading the audit trail are in use: try again")]
    Busy {
        /// The number of connections that reads may occupy.
        limit: usize,
    },
    /// The database returned an error, or the connection failed.
    #[error("the audit trail could not be read: {}", describe_database_error(.0))]
    Database(#[source] sqlx::Error),
}

/// The SQLSTATE `query_canceled`.
const QUERY_CANCELED: &str = "57014";
/// The SQLSTATEs `serialization_failure` and `deadlock_detected`. A read-only snapshot gets them only from a standby, which cancels
/// queries that keep it from replaying changes of its primary.
const RECOVERY_CONFLICTS: [&str; 2] = ["40001", "40P01"];

impl QueryError {
    /// Returns the code of an error of the database, such as `42501` for a missing privilege. The
    /// [appendix of PostgreSQL's documentation](https://www.postgresql.org/docs/current/errcodes-appendix.html) lists them.
    #[must_use]
    pub fn sqlstate(&self) -> Option<String> {
        let Self::Database(error) = self else { return None };
        Some(error.as_database_error()?.code()?.into_owned())
    }

    /// Returns whether no connection of the pool became free in time, although the database accepts connections.
    #[must_use]
    pub const fn is_pool_timeout(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::PoolTimedOut))
    }

    /// Converts the error of a statement that ran for this time under this timeout. The database uses one code for a statement that
    /// reached its timeout and for one that was cancelled before.
    pub(in crate::query) fn of_statement(error: sqlx::Error, time: Duration, timeout: Duration) -> Self {
        match Self::from(error) {
            Self::Timeout if time < timeout.mul_f64(0.9) => Self::Canceled,
            error => error,
        }
    }
}

impl From<sqlx::Error> for QueryError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code());
        match code.as_deref() {
            Some(QUERY_CANCELED) => Self::Timeout,
            Some(code) if RECOVERY_CONFLICTS.contains(&code) => Self::Canceled,
            _ => Self::Database(error),
        }
    }
}
