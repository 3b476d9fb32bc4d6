//! Responses with HTML: every page has the same headers.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use threadline_app::{PageContext, PageError};
use uuid::Uuid;

use crate::{assets, csrf};

/// The headers that tell a browser what it may do with a response: not store it, not guess its type, not tell another site where
/// a link came from, and not embed it in a page of another origin.
const DEFAULT_HEADERS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
/// Separates the console from a page of another origin that opened it. Browsers ignore it over plain HTTP with a warning.
const OPENER_POLICY: (HeaderName, &str) =
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin");

/// Renders a document, and returns it with its headers.
pub(crate) fn document(
    status: StatusCode,
    mut context: PageContext,
    render: impl FnOnce(PageContext) -> String,
) -> Response {
    let nonce = Uuid::new_v4().simple().to_string();
    context.nonce.clone_from(&nonce);
    context.assets = assets::NAMES;
    let html = render(context);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // A nonce consists of hexadecimal digits, so the header's value is always valid.
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(&nonce)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    (status, headers, html).into_response()
}

/// Adds the headers of every response, files and errors of the router included, unless a handler has set them.
pub(crate) async fn add_default_headers(request: Request, next: Next) -> Response {
    // Browsers send this header where they obey the opener policy: over HTTPS, and to localhost.
    let is_trustworthy = request.headers().contains_key(csrf::SEC_FETCH_SITE);
    let mut response = next.run(request).await;
    for (name, value) in DEFAULT_HEADERS.into_iter().chain(is_trustworthy.then_some(OPENER_POLICY)) {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Renders the problem that a handler returned; other responses stay as they are.
pub(crate) fn render_error(mut response: Response, context: PageContext) -> Response {
    match response.extensions_mut().remove::<PageError>() {
        Some(error) => error_page(error, context),
        None => response,
    }
}

/// Renders an error as a redirect or as the page about a problem.
pub(crate) fn error_page(error: PageError, context: PageContext) -> Response {
    match error {
        PageError::Problem(problem) => document(problem.status, context, |context| problem.render(context)),
        error => error.into_response(),
    }
}

/// Returns a policy that allows scripts and styles only with the nonce of this response: not even another file of the same
/// origin runs.
fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'nonce-{nonce}'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}
