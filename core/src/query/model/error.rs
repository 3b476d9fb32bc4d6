//! The error of a query.

use chrono::{DateTime, Utc};

use crate::{StorageSchema, TableName, describe_database_error};

/// The reason why a query has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// There is no trail in this schema.
    #[error("schema {schema} of this database holds no audit trail: install it, or name another schema")]
    NotInstalled {
        /// The schema.
        schema: StorageSchema,
    },
    /// The table has other key columns.
    #[error("rows of {table} have the key {}, not {}", expected.join(", "), given.join(", "))]
    KeyMismatch {
        /// The table.
        table: TableName,
        /// The columns that were given.
        given: Vec<String>,
        /// The columns that identify the rows of the table, as of its last change.
        expected: Vec<String>,
    },
    /// Nothing is recorded of the table, and nothing will be: it has no capture trigger. A table that the scope hides is reported
    /// in the same way.
    #[error("table {table} is not captured: capture it, or choose another table")]
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
    /// A statement exceeded the [statement timeout](crate::AuditTrail::statement_timeout). The filter matches so rarely that too
    /// much of the trail was searched.
    #[error("the query timed out: narrow the time range, or filter by table")]
    Timeout,
    /// The database refused the query, or cannot be reached.
    #[error("the audit trail could not be read: {}", describe_database_error(.0))]
    Database(#[source] sqlx::Error),
}

/// The SQLSTATE `query_canceled`.
const QUERY_CANCELED: &str = "57014";

impl From<sqlx::Error> for QueryError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code());
        if code.is_some_and(|code| code == QUERY_CANCELED) { Self::Timeout } else { Self::Database(error) }
    }
}
