//! The errors of audited transactions.

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use uuid::Uuid;

use crate::ActionError;
use crate::database_error::describe_message;

/// An error of an audited transaction. The transaction was rolled back or never began, except after
/// [`CommitUnknown`](Self::CommitUnknown).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// The context has no actor. This is found before the transaction begins.
    #[error(
        "no actor{}: set one in the context{}", in_action(action.as_deref()),
        if action.is_some() { ", because an action always needs one" } else { ", or call allow_missing_actor" }
    )]
    MissingActor {
        /// The name of the action, if there is one.
        action: Option<String>,
    },
    /// The texts of the action are not valid. This is found before the transaction begins.
    #[error(transparent)]
    InvalidAction(#[from] ActionError),
    /// The metadata contains a NUL character. This is found before the transaction begins.
    #[error("the transaction's metadata holds a NUL character, which PostgreSQL cannot store: leave it out")]
    InvalidMetadata,
    /// The transaction to adopt is a savepoint of an audited transaction.
    #[error(
        "this is a savepoint of a transaction that is audited already: use it as it is, its writes have their actor"
    )]
    Nested,
    /// Captured rows were written in the transaction before it was adopted, so its actor cannot be set any more.
    #[error(
        "captured rows were written in this transaction before it was adopted: adopt it right after it began"
    )]
    AlreadyCaptured,
    /// No row of a captured table changed, although there is an action or metadata.
    #[error(
        "no row of a captured table changed{}, so everything was rolled back: are the tables captured, and may the \
         statement have changed nothing?", in_action(action.as_deref())
    )]
    NothingCaptured {
        /// The name of the action, if there is one.
        action: Option<String>,
    },
    /// The action to link to does not exist.
    #[error(
        "there is no action {id}, so everything was rolled back: link to one that is committed, or to one of this transaction"
    )]
    UnknownAction {
        /// The id of the action.
        id: Uuid,
    },
    /// A statement of the transaction set `threadline.actor_ref` before the first captured write.
    #[error(
        "the captured rows carry another actor than the context, so everything was rolled back: leave the setting threadline.actor_ref alone"
    )]
    ActorReplaced,
    /// The storage schema holds no trail, or one that is older than this library.
    #[error(
        "the audit trail in this database is missing or out of date: run AuditTrail::install ({})",
        describe_message(source)
    )]
    NotInstalled {
        /// The error of the database.
        source: sqlx::Error,
    },
    /// The role may not execute the functions of the trail. The documentation of the crate lists the privileges that it needs.
    #[error(
        "this role lacks EXECUTE on the functions of the audit trail: run `threadline install --roles` and make it a member of the \
         role threadline_application ({})",
        describe_message(source)
    )]
    MissingRight {
        /// The error of the database.
        source: sqlx::Error,
    },
    /// The connection ended after `COMMIT` was sent and before the answer came, so the transaction may have been committed. Once
    /// the database answers again, the trail tells: [`AuditTrail::transaction`](crate::AuditTrail::transaction) finds the id if
    /// the transaction was committed and captured a row.
    #[error(
        "the connection ended before COMMIT was answered, so the write may be stored or not: look for audit transaction \
         {transaction_id} before it is repeated ({})",
        describe_message(source)
    )]
    CommitUnknown {
        /// The id of the transaction in the audit trail.
        transaction_id: Uuid,
        /// The error of the connection.
        source: sqlx::Error,
    },
    /// The database returned an error, or the connection failed before `COMMIT`.
    #[error("{}", describe_message(.0))]
    Database(#[from] sqlx::Error),
}

fn in_action(name: Option<&str>) -> String {
    name.map(|name| format!(" in action {name:?}")).unwrap_or_default()
}

impl TransactionError {
    /// Every word that [`reason`](Self::reason) can return.
    pub const REASONS: [&str; 12] = [
        "missing_actor",
        "invalid_action",
        "invalid_metadata",
        "nested",
        "already_captured",
        "nothing_captured",
        "unknown_action",
        "actor_replaced",
        "not_installed",
        "missing_right",
        "commit_unknown",
        "database",
    ];

    /// Returns the kind of the error as a constant word without any value, for the labels of metrics.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::MissingActor { .. } => "missing_actor",
            Self::InvalidAction(_) => "invalid_action",
            Self::InvalidMetadata => "invalid_metadata",
            Self::Nested => "nested",
            Self::AlreadyCaptured => "already_captured",
            Self::NothingCaptured { .. } => "nothing_captured",
            Self::UnknownAction { .. } => "unknown_action",
            Self::ActorReplaced => "actor_replaced",
            Self::NotInstalled { .. } => "not_installed",
            Self::MissingRight { .. } => "missing_right",
            Self::CommitUnknown { .. } => "commit_unknown",
            Self::Database(_) => "database",
        }
    }

    /// Creates the error of a statement of this library, by its SQLSTATE (PostgreSQL documentation, appendix A).
    pub(super) fn of_trail(source: sqlx::Error) -> Self {
        match source.as_database_error().and_then(DatabaseError::code).as_deref() {
            // invalid_schema_name, undefined_function, undefined_table
            Some("3F000" | "42883" | "42P01") => Self::NotInstalled { source },
            // insufficient_privilege
            Some("42501") => Self::MissingRight { source },
            _ => Self::Database(source),
        }
    }

    /// Creates the error of `COMMIT`. An error of the transaction, such as a violated constraint, has rolled it back; an error that
    /// ends the session may have come after the commit.
    pub(super) fn of_commit(source: sqlx::Error, transaction_id: Uuid) -> Self {
        let server = source.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
        match server.map(PgDatabaseError::severity) {
            Some(PgSeverity::Error) => Self::Database(source),
            _ => Self::CommitUnknown { transaction_id, source },
        }
    }
}
