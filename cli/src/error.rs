//! The errors of commands, each displayed as one sentence.

use std::io;

use threadline::health::HealthError;
use threadline::query::{QueryError, TransactionId, ValueIndexError};
use threadline::{
    CaptureError, ConfigError, InstallError, InvalidParameter, RoleError, StorageSchema,
    describe_database_error,
};

use crate::output::Report;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no database is given: pass --database-url or set DATABASE_URL")]
    NoDatabase,
    #[error("the database URL is not of the form postgres://user:password@host/database: {0}")]
    DatabaseUrl(sqlx::Error),
    #[error("the database cannot be reached: {}", describe_database_error(.0))]
    Unreachable(sqlx::Error),
    #[error("the database did not answer within {seconds} seconds")]
    ConnectTimeout { seconds: u64 },
    #[error(
        "schema {0} of this database holds no audit trail: run `threadline install`, or name another schema with --storage-schema"
    )]
    NotInstalled(StorageSchema),
    #[error(
        "the audit trail in schema {0} is of an older version: run `threadline install` to update it, or name another schema with \
         --storage-schema"
    )]
    Outdated(StorageSchema),
    #[error(
        "the audit trail in schema {0} was installed by a newer version of Threadline: use the `threadline` command of that version"
    )]
    Newer(StorageSchema),
    #[error("the version of the audit trail could not be read: {}", describe_database_error(.0))]
    Installation(sqlx::Error),
    #[error("{path}, {error}")]
    Config { path: String, error: Box<ConfigError> },
    #[error("{path} cannot be read: {error}")]
    Unreadable { path: String, error: io::Error },
    #[error(
        "{path} is not a directory: create it, name another one with --migrations-path, or apply the triggers directly with --apply"
    )]
    NoFolder { path: String },
    #[error("{path} holds a migration with the highest possible version: no migration can come after it")]
    NoVersion { path: String },
    #[error("{path} cannot be written: {error}")]
    Unwritten { path: String, error: io::Error },
    #[error(transparent)]
    Install(#[from] InstallError),
    #[error(transparent)]
    Roles(#[from] RoleError),
    #[error(transparent)]
    Capture(CaptureError),
    #[error(transparent)]
    ValueIndex(#[from] ValueIndexError),
    #[error(transparent)]
    Health(HealthError),
    #[error(
        "threadline.toml lists no table that must be captured: add expected_tables to its section [verify_coverage]"
    )]
    NoExpectedTables,
    /// A check that did not pass. Its report is printed all the same.
    #[error("{reason}")]
    CheckFailed { report: Report, reason: String },
    #[error(transparent)]
    Parameter(#[from] InvalidParameter),
    /// A value that does not exist, or that its column cannot hold, with the command that was probably meant.
    #[error("{0}")]
    Mistake(String),
    #[error(transparent)]
    Query(QueryError),
    #[error("transaction {0} does not exist, or has been removed by the retention policy")]
    NoTransaction(TransactionId),
    #[error("the output could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the output could not be written: {0}")]
    Output(io::Error),
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::NotInstalled { schema } => Self::NotInstalled(schema),
            other => Self::Query(other),
        }
    }
}

impl From<HealthError> for Error {
    fn from(error: HealthError) -> Self {
        match error {
            HealthError::NotInstalled { schema } => Self::NotInstalled(schema),
            other => Self::Health(other),
        }
    }
}

impl From<CaptureError> for Error {
    fn from(error: CaptureError) -> Self {
        match error {
            CaptureError::NotInstalled { schema } => Self::NotInstalled(schema),
            CaptureError::Outdated { schema } => Self::Outdated(schema),
            CaptureError::Newer { schema } => Self::Newer(schema),
            other => Self::Capture(other),
        }
    }
}

impl Error {
    /// Reports a schema, table or function that is missing during a query as a trail that is not installed.
    pub(crate) fn storage_schema(self, schema: StorageSchema) -> Self {
        match self {
            Self::Query(QueryError::Database(cause)) if is_missing_object(&cause) => {
                Self::NotInstalled(schema)
            }
            other => other,
        }
    }
}

/// Returns whether the error has PostgreSQL's code for a missing schema, table or function.
fn is_missing_object(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| ["3F000", "42P01", "42883"].contains(&&*code))
}
