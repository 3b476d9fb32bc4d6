//! Responses: every page leaves through here, with the same headers.

mod narrower;

use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use chrono::Utc;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use threadline::InvalidParameter;
use threadline::query::QueryError;
use threadline_app::pages::{Problem, problem_page};
use threadline_app::{ConsoleAction, PageContext};
use uuid::Uuid;

use crate::assets;

/// What a handler answers.
pub(crate) enum Reply {
    /// A page.
    Page(StatusCode, Box<dyn FnOnce(PageContext) -> String + Send>),
    /// A page that says what is wrong.
    Problem(StatusCode, Problem),
}

impl Reply {
    pub(crate) fn page(draw: impl FnOnce(PageContext) -> String + Send + 'static) -> Self {
        Self::page_with(StatusCode::OK, draw)
    }

    /// A page that is an answer and says all the same that something was wrong, such as a form with a mistake.
    pub(crate) fn page_with(
        status: StatusCode,
        draw: impl FnOnce(PageContext) -> String + Send + 'static,
    ) -> Self {
        Self::Page(status, Box::new(draw))
    }

    /// Says nothing about the data, and not even whether there is any.
    pub(crate) fn forbidden(action: ConsoleAction) -> Self {
        let note = "authorize_fn refused this request, failed, panicked, or took too long; a warning in the log says \
                    which. Return Access::Allow or Access::AllowWithin(scope) for operators who may read the trail.";
        let note_apart = "This page is about the whole database, so authorize_fn has to answer Access::Allow for its \
                          action: a scope does not limit it.";
        let command = action.command();
        let is_apart = command.is_some();
        let problem = Problem {
            explanation: if is_apart {
                "It is about every table of the database, and your account may not see that here."
            } else {
                "Your account has no access to it, or you are not signed in."
            }
            .to_owned(),
            advice: Some(if is_apart {
                "Whoever runs this application gets the same answer from the command line."
            } else {
                "Sign in again if you were signed in before: sessions end. To be given access, ask whoever runs this \
                 application."
            }),
            command,
            developer_note: cfg!(debug_assertions).then_some(if is_apart { note_apart } else { note }),
            ..Problem::new(match action {
                ConsoleAction::ViewCoverage => "Coverage is unavailable",
                ConsoleAction::ViewPolicy => "The redaction policy is unavailable",
                _ => "You cannot open this page",
            })
        };
        Self::Problem(StatusCode::FORBIDDEN, problem)
    }

    /// The answer to a request that another site may have forged.
    pub(crate) fn cross_origin() -> Self {
        let problem = Problem {
            explanation: "The request did not come from a page of this console, so nothing was changed."
                .to_owned(),
            is_elsewhere: true,
            ..Problem::new("This request was refused")
        };
        Self::Problem(StatusCode::FORBIDDEN, problem)
    }

    pub(crate) fn not_found(explanation: String, way_out: (&'static str, String)) -> Self {
        let problem = Problem {
            explanation,
            steps: vec![step(way_out)],
            is_elsewhere: true,
            may_be_hidden: true,
            ..Problem::new("There is nothing here")
        };
        Self::Problem(StatusCode::NOT_FOUND, problem)
    }

    pub(crate) fn bad_request(error: &InvalidParameter, way_out: (&'static str, String)) -> Self {
        Self::mistake("This address cannot be read", error, way_out)
    }

    pub(crate) fn mistake(
        title: &'static str,
        error: &impl Display,
        way_out: (&'static str, String),
    ) -> Self {
        let problem = Problem {
            explanation: format!("{error}."),
            steps: vec![step(way_out)],
            is_elsewhere: true,
            ..Problem::new(title)
        };
        Self::Problem(StatusCode::BAD_REQUEST, problem)
    }

    /// Why a question has no answer. `again` is the address of the same page.
    pub(crate) fn unanswered(
        error: Option<&QueryError>,
        again: String,
        way_out: (&'static str, String),
    ) -> Self {
        match error {
            Some(
                error @ (QueryError::KeyMismatch { .. }
                | QueryError::NotCaptured { .. }
                | QueryError::FutureTimestamp { .. }),
            ) => Self::mistake("This question has no answer", error, way_out),
            error => Self::Problem(StatusCode::SERVICE_UNAVAILABLE, unavailable(error, again)),
        }
    }

    /// Draws the reply and puts the headers on it.
    pub(crate) fn into_response(self, mut context: PageContext) -> Response {
        let nonce = Uuid::new_v4().simple().to_string();
        context.nonce.clone_from(&nonce);
        context.assets = assets::NAMES;
        let (status, html) = match self {
            Self::Page(status, draw) => (status, draw(context)),
            Self::Problem(status, problem) => (status, problem_page(context, problem)),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        // A nonce consists of hexadecimal digits, so the header's value is always valid.
        if let Ok(policy) = HeaderValue::from_str(&content_security_policy(&nonce)) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        (status, headers, html).into_response()
    }
}

/// The database is away or too slow, or has no trail.
fn unavailable(error: Option<&QueryError>, again: String) -> Problem {
    let narrower = narrower::narrower(&again, Utc::now());
    let again = vec![("Try again".to_owned(), again)];
    if matches!(error, Some(QueryError::Timeout)) {
        return Problem {
            explanation: "The database stopped the query after 5 seconds.".to_owned(),
            advice: Some("A narrower window, a table or a record makes the search shorter."),
            steps: narrower.into_iter().chain(again).collect(),
            is_elsewhere: true,
            ..Problem::new("This took too long")
        };
    }
    if matches!(error, Some(QueryError::NotInstalled { .. })) {
        return Problem {
            explanation: "This database holds no audit trail in the schema that the console reads."
                .to_owned(),
            advice: Some("Whoever runs this application can install it."),
            command: Some("threadline install"),
            steps: again,
            ..Problem::new("There is no audit trail yet")
        };
    }
    Problem {
        explanation: "The database could not be reached in time.".to_owned(),
        advice: Some(
            "Nothing is lost: changes are recorded by the database itself, in the transactions that make them.",
        ),
        steps: again,
        ..Problem::new("The audit trail does not answer")
    }
}

fn step((label, href): (&'static str, String)) -> (String, String) {
    (label.to_owned(), href)
}

/// Scripts and styles only with this response's nonce: not even another file of the same origin runs.
fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'nonce-{nonce}'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}
