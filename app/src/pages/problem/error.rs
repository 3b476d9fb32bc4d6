//! The errors of pages, which render themselves.

use std::convert::Infallible;
use std::fmt::Display;

use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use threadline::InvalidParameter;
use threadline::query::QueryError;

use super::{Problem, database};
use crate::ConsoleAction;
use crate::request::QueryFailure;

/// The reason why a request is not answered with its page.
///
/// A problem becomes a response without a body that carries the error in its extensions. The route guard renders it, because
/// only the guard knows the page context.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PageError {
    /// The page has another address.
    Redirect(String),
    /// There is nothing to show but a problem.
    Problem(Box<Problem>),
}

/// The link on problems of pages that show a part of the trail.
const TIMELINE: (&str, &str) = ("Go to the timeline", "/timeline");

/// The note for the developer on a refused request.
const REFUSED: &str = "authorize_fn refused this request, failed, panicked, or took too long; a warning in the log says which. \
                       Return Access::Allow or Access::AllowWithin(scope) for operators who may read the trail.";

impl PageError {
    /// Describes a request of somebody who is not signed in. It says nothing about the data, not even whether there is any.
    #[must_use]
    pub fn signed_out() -> Self {
        Problem {
            explanation: "You are not signed in, or your session has ended.".to_owned(),
            advice: Some(
                "Sign in to the application, and open this address again. If you are signed in, ask whoever runs the \
                 application for access.",
            ),
            offer_sign_in: true,
            developer_note: cfg!(debug_assertions).then_some(REFUSED),
            ..Problem::new(StatusCode::FORBIDDEN, "Sign in to see this page")
        }
        .into()
    }

    /// Describes a denied action. It says nothing about the data, not even whether there is any.
    #[must_use]
    pub fn forbidden(action: ConsoleAction) -> Self {
        let command = action.command();
        let is_global = command.is_some();
        let title = match action {
            ConsoleAction::ViewCoverage => "You may not see coverage",
            ConsoleAction::ViewPolicy => "You may not see the redaction policy",
            _ => "You may not open this page",
        };
        let (explanation, advice, note) = if is_global {
            (
                "It is about every table of the database, and your account may not see that here.",
                "Whoever runs this application gets the same answer from the command line.",
                "This page is about the whole database, so authorize_fn has to answer Access::Allow for its action: a scope \
                 does not limit it.",
            )
        } else {
            (
                "Your account has no access to it.",
                "To be given access, ask whoever runs this application.",
                REFUSED,
            )
        };
        Problem {
            explanation: explanation.to_owned(),
            advice: Some(advice),
            command,
            offer_home_link: true,
            offer_sign_in: true,
            mention_refusal_note: true,
            developer_note: cfg!(debug_assertions).then_some(note),
            ..Problem::new(StatusCode::FORBIDDEN, title)
        }
        .into()
    }

    /// Describes a request that another site may have forged.
    #[must_use]
    pub fn cross_origin() -> Self {
        Problem {
            explanation: "The request did not come from a page of this console, so nothing was changed."
                .to_owned(),
            offer_home_link: true,
            ..Problem::new(StatusCode::FORBIDDEN, "This request was refused")
        }
        .into()
    }

    /// Describes a console in which too many requests are running.
    #[must_use]
    pub fn busy() -> Self {
        Problem {
            explanation: "As many requests of the console are running as this application allows.".to_owned(),
            advice: Some("Try again in a few seconds."),
            offer_retry: true,
            ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The console is busy")
        }
        .into()
    }

    /// Describes something that does not exist, as far as the operator may know.
    #[must_use]
    pub fn not_found(explanation: String) -> Self {
        Problem {
            explanation,
            links: vec![TIMELINE],
            offer_home_link: true,
            mention_scope: true,
            ..Problem::new(StatusCode::NOT_FOUND, "Not found")
        }
        .into()
    }

    /// Describes an address at which there is no page.
    #[must_use]
    pub fn page_not_found() -> Self {
        Problem {
            explanation: "The console has no page at this address.".to_owned(),
            links: vec![TIMELINE],
            offer_home_link: true,
            ..Problem::new(StatusCode::NOT_FOUND, "Page not found")
        }
        .into()
    }

    /// Describes an address or a form that asks for something impossible.
    #[must_use]
    pub fn bad_request(title: &'static str, error: &impl Display) -> Self {
        Problem {
            explanation: format!("{error}."),
            links: vec![TIMELINE],
            offer_home_link: true,
            ..Problem::new(StatusCode::BAD_REQUEST, title)
        }
        .into()
    }

    /// Returns the explanation, as a sentence.
    pub(crate) fn explanation(self) -> String {
        match self {
            Self::Redirect(_) => String::new(),
            Self::Problem(problem) => problem.explanation,
        }
    }

    /// Replaces the link to the timeline.
    pub(crate) fn link(mut self, label: &'static str, path: &'static str) -> Self {
        if let Self::Problem(problem) = &mut self {
            problem.links = vec![(label, path)];
        }
        self
    }
}

impl From<Problem> for PageError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<InvalidParameter> for PageError {
    fn from(error: InvalidParameter) -> Self {
        Self::bad_request("This address has a mistake", &error)
    }
}

impl From<Infallible> for PageError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<QueryFailure> for PageError {
    fn from(failure: QueryFailure) -> Self {
        match failure {
            QueryFailure::Query(
                error @ (QueryError::KeyMismatch { .. }
                | QueryError::NotCaptured { .. }
                | QueryError::FutureTimestamp { .. }),
            ) => Self::bad_request("This query cannot be answered", &error),
            QueryFailure::Query(QueryError::Timeout) => Problem {
                explanation: "The database stopped the query, because it took too long.".to_owned(),
                advice: Some("A narrower window, a table or a record makes the search shorter."),
                offer_narrower_window: true,
                offer_retry: true,
                offer_home_link: true,
                ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "This took too long")
            }
            .into(),
            QueryFailure::Query(QueryError::NotInstalled { .. }) => Problem {
                explanation: "This database holds no audit trail in the schema that the console reads."
                    .to_owned(),
                advice: Some("Whoever runs this application can install it."),
                command: Some("threadline install"),
                offer_retry: true,
                ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "There is no audit trail yet")
            }
            .into(),
            QueryFailure::Query(QueryError::Canceled) => Problem {
                explanation: "Somebody cancelled the query in the database, or the server did.".to_owned(),
                offer_retry: true,
                offer_home_link: true,
                ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The query was cancelled")
            }
            .into(),
            QueryFailure::Query(QueryError::Busy { .. }) => Self::busy(),
            QueryFailure::Timeout => Problem {
                // The time may have passed while several queries of a page each waited for a connection.
                explanation: "The database did not answer in time, or no connection to it became free.".to_owned(),
                advice: Some(
                    "Nothing is lost: changes are recorded by the database itself, in the transactions that make them.",
                ),
                offer_retry: true,
                ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The audit trail does not answer")
            }
            .into(),
            QueryFailure::Query(error) => database::problem(&error).into(),
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::Redirect(address) => Redirect::to(&address).into_response(),
            Self::Problem(ref problem) => {
                let mut response = problem.status.into_response();
                response.extensions_mut().insert(self);
                response
            }
        }
    }
}
