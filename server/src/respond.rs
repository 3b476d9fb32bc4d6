//! Responses: every page leaves through here, with the same headers.

use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use threadline::query::{FilterError, QueryError};
use threadline_app::Frame;
use threadline_app::pages::{Problem, problem_page};
use uuid::Uuid;

use crate::assets;

/// What a handler answers.
pub(crate) enum Reply {
    /// A page.
    Page(Box<dyn FnOnce(Frame) -> String + Send>),
    /// A page that says what is wrong.
    Problem(StatusCode, Problem),
}

impl Reply {
    pub(crate) fn page(draw: impl FnOnce(Frame) -> String + Send + 'static) -> Self {
        Self::Page(Box::new(draw))
    }

    pub(crate) fn forbidden() -> Self {
        let note = "authorize_fn refused this request, failed, panicked, or took too long; a warning in the log says \
                    which. Return Access::Allow or Access::AllowWithin(scope) for operators who may read the trail.";
        Self::Problem(
            StatusCode::FORBIDDEN,
            Problem {
                title: "You cannot open this page",
                explanation: "Your account has no access to it, or you are not signed in.".to_owned(),
                way_out: None,
                developer_note: cfg!(debug_assertions).then_some(note),
            },
        )
    }

    pub(crate) fn not_found(explanation: String, way_out: (&'static str, String)) -> Self {
        let way_out = Some(way_out);
        let problem = Problem { title: "There is nothing here", explanation, way_out, developer_note: None };
        Self::Problem(StatusCode::NOT_FOUND, problem)
    }

    pub(crate) fn bad_request(error: &FilterError, way_out: (&'static str, String)) -> Self {
        Self::mistake("This address cannot be read", error, way_out)
    }

    fn mistake(title: &'static str, error: &impl Display, way_out: (&'static str, String)) -> Self {
        let (explanation, way_out) = (format!("{error}."), Some(way_out));
        let problem = Problem { title, explanation, way_out, developer_note: None };
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
                error @ (QueryError::OtherKey { .. }
                | QueryError::NotAudited { .. }
                | QueryError::InFuture { .. }),
            ) => Self::mistake("This question has no answer", error, way_out),
            error => Self::unavailable(error, again),
        }
    }

    /// The database is away or too slow, or has no trail.
    fn unavailable(error: Option<&QueryError>, again: String) -> Self {
        let cancelled = matches!(error, Some(QueryError::Database(sqlx::Error::Database(e))) if e.code().as_deref() == Some("57014"));
        let (title, explanation) = if cancelled {
            (
                "This took too long",
                "The database stopped the query after 5 seconds. A narrower window or a table filter helps.",
            )
        } else if matches!(error, Some(QueryError::NotInstalled { .. })) {
            (
                "There is no audit trail yet",
                "This database holds no audit trail in the schema that the console reads. Install it when the application starts.",
            )
        } else {
            (
                "The audit trail does not answer",
                "The database could not be reached. Nothing is lost: changes are recorded by the database itself.",
            )
        };
        Self::Problem(
            StatusCode::SERVICE_UNAVAILABLE,
            Problem {
                title,
                explanation: explanation.to_owned(),
                way_out: Some(("Try again", again)),
                developer_note: None,
            },
        )
    }

    /// Draws the reply and puts the headers on it.
    pub(crate) fn into_response(self, mut frame: Frame) -> Response {
        let nonce = Uuid::new_v4().simple().to_string();
        frame.nonce.clone_from(&nonce);
        frame.assets = assets::NAMES;
        let (status, html) = match self {
            Self::Page(draw) => (StatusCode::OK, draw(frame)),
            Self::Problem(status, problem) => (status, problem_page(frame, problem)),
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

/// Scripts and styles only with this response's nonce: not even another file of the same origin runs.
fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'nonce-{nonce}'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}
