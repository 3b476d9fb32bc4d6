//! Why a question has no answer.

use chrono::{DateTime, Utc};

use crate::{StorageSchema, TableName, describe_database_error};

/// Why the trail could not be read.
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
        /// The columns that identify the rows of the table, as its last change has them.
        expected: Vec<String>,
    },
    /// Nothing is recorded of the table, and nothing will be: it carries no capture trigger. What the scope hides is not
    /// audited either.
    #[error("table {table} is not audited: capture it, or look for another")]
    NotCaptured {
        /// The table.
        table: TableName,
    },
    /// The moment is still to come by the clock of the database.
    #[error("{at} is still to come: ask for now or earlier")]
    FutureTimestamp {
        /// The moment.
        at: DateTime<Utc>,
    },
    /// The database stopped reading after 5 seconds. There is more of the trail to look through than that: for a field that is
    /// hardly ever changed, say.
    #[error("there was no answer within 5 seconds: ask for less time, or for one table")]
    Timeout,
    /// The database refused, or is away.
    #[error("the audit trail could not be read: {}", describe_database_error(.0))]
    Database(#[source] sqlx::Error),
}

/// What PostgreSQL calls a statement that it was told to stop.
const QUERY_CANCELED: &str = "57014";

impl From<sqlx::Error> for QueryError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code());
        if code.is_some_and(|code| code == QUERY_CANCELED) { Self::Timeout } else { Self::Database(error) }
    }
}
