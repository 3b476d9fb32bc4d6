//! Everything that can go wrong, and the page that says so.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use graphile_worker::errors::GraphileWorkerError;
use threadline::{ActorError, ContextError, MissingAuditContext, TransactionError};

use crate::{pages, session};

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("nobody is logged in")]
    LoggedOut,
    #[error("this user may not do that")]
    Forbidden,
    #[error("there is no such page")]
    NotFound,
    #[error("{}", .0.sentence)]
    Invalid(Problem),
    /// The write left every audited row as it was.
    #[error("nothing changed")]
    NothingChanged,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Audit(TransactionError),
    #[error(transparent)]
    Actor(#[from] ActorError),
    #[error(transparent)]
    Context(#[from] ContextError),
    #[error(transparent)]
    NoContext(#[from] MissingAuditContext),
    #[error(transparent)]
    Queue(#[from] GraphileWorkerError),
    #[error(transparent)]
    Session(#[from] session::Error),
}

/// The errors of a form, by field.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) field: &'static str,
    pub(crate) sentence: String,
}

impl From<TransactionError> for Error {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::NothingCaptured { .. } => Self::NothingChanged,
            TransactionError::Database(error) => Self::Database(error),
            error => Self::Audit(error),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, title, text) = match &self {
            Self::LoggedOut => return Redirect::to("/login").into_response(),
            Self::Forbidden => (StatusCode::FORBIDDEN, "Not allowed", "Your account may not do that."),
            Self::NotFound => (StatusCode::NOT_FOUND, "Not found", "There is no such page or ticket."),
            Self::Invalid(problem) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "Not accepted", problem.sentence.as_str())
            }
            Self::NothingChanged => (StatusCode::OK, "Nothing changed", "Nothing changed."),
            Self::Database(error) if is_away(error) => {
                tracing::warn!(%error, "the database does not answer");
                let page = pages::database_away();
                return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], page).into_response();
            }
            Self::Database(_)
            | Self::Audit(_)
            | Self::Actor(_)
            | Self::Context(_)
            | Self::NoContext(_)
            | Self::Queue(_)
            | Self::Session(_) => {
                tracing::error!(error = %self, "a request failed");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something went wrong",
                    "This did not work. Nothing was saved.",
                )
            }
        };
        (status, pages::message(title, text)).into_response()
    }
}

/// Returns whether the database is unreachable, so that the same request may succeed later.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        // Connection failures, a server that starts or shuts down, too many connections.
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P") || code == "53300"),
        _ => false,
    }
}
