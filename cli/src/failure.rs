//! Why a command has no answer, in one sentence.

use std::io;

use threadline::InvalidParameter;
use threadline::health::HealthError;
use threadline::query::{QueryError, TransactionId};
use threadline::{CaptureError, ConfigError, InstallError, StorageSchema, describe_database_error};

use crate::output::Report;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("no database is given: pass --database-url or set DATABASE_URL")]
    NoDatabase,
    #[error("the database URL is not of the form postgres://user:password@host/database: {0}")]
    DatabaseUrl(sqlx::Error),
    #[error("the database cannot be reached: {}", describe_database_error(.0))]
    Unreachable(sqlx::Error),
    #[error("the database did not answer within {seconds} seconds")]
    TooSlow { seconds: u64 },
    #[error(
        "schema {0} of this database holds no audit trail: run `threadline install`, or give its --storage-schema"
    )]
    NotInstalled(StorageSchema),
    #[error(
        "schema {0} of this database holds no audit trail of this version: run `threadline install`, or give its --storage-schema"
    )]
    Outdated(StorageSchema),
    #[error("the audit trail in schema {0} was made by a newer version of Threadline: use its `threadline`")]
    Newer(StorageSchema),
    #[error("the audit trail could not be looked for: {}", describe_database_error(.0))]
    Installation(sqlx::Error),
    #[error("{path}, {error}")]
    Config { path: String, error: Box<ConfigError> },
    #[error("{path} cannot be read: {error}")]
    Unreadable { path: String, error: io::Error },
    #[error(
        "{path} is not a folder: make it, name another with --migrations-path, or do it now with --apply"
    )]
    NoFolder { path: String },
    #[error("{path} holds a migration with the highest version there can be: nothing can come after it")]
    NoVersion { path: String },
    #[error("{path} cannot be written: {error}")]
    Unwritten { path: String, error: io::Error },
    #[error(transparent)]
    Install(InstallError),
    #[error(transparent)]
    Capture(CaptureError),
    #[error(transparent)]
    Health(HealthError),
    #[error(
        "threadline.toml names no table that must be captured: write expected_tables into its section [verify_coverage]"
    )]
    NothingExpected,
    /// The answer is there, and it is no.
    #[error("{reason}")]
    Verdict { report: Report, reason: String },
    #[error(transparent)]
    Filter(#[from] InvalidParameter),
    #[error(transparent)]
    Query(QueryError),
    #[error("transaction {0} does not exist, or has been removed by the retention policy")]
    NoTransaction(TransactionId),
    #[error("the answer could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the answer could not be written: {0}")]
    Output(io::Error),
}

impl Failure {
    /// A missing schema, table or function of ours means that nothing was installed there.
    pub(crate) fn query(error: QueryError, schema: &StorageSchema) -> Self {
        match error {
            QueryError::NotInstalled { schema } => Self::NotInstalled(schema),
            QueryError::Database(cause) if is_missing(&cause) => Self::NotInstalled(schema.clone()),
            other => Self::Query(other),
        }
    }

    /// The library says the same of health.
    pub(crate) fn health(error: HealthError) -> Self {
        match error {
            HealthError::NotInstalled { schema } => Self::NotInstalled(schema),
            other => Self::Health(other),
        }
    }

    /// And of capture.
    pub(crate) fn capture(error: CaptureError) -> Self {
        match error {
            CaptureError::NotInstalled { schema } => Self::NotInstalled(schema),
            CaptureError::Outdated { schema } => Self::Outdated(schema),
            CaptureError::Newer { schema } => Self::Newer(schema),
            other => Self::Capture(other),
        }
    }
}

/// PostgreSQL's codes for a schema, a table or a function that does not exist.
fn is_missing(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| ["3F000", "42P01", "42883"].contains(&&*code))
}
