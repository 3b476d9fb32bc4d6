//! The path at which the host has nested the console.

use axum::extract::{OriginalUri, Request};
use axum::response::Redirect;
use axum::routing::{MethodRouter, get};
use http::Uri;

/// Returns the path of the mount, without a slash at its end: the part of the original path that nesting has removed. It is read
/// from each request, so that one process can have several consoles.
pub(crate) fn base(request: &Request) -> String {
    let inner = request.uri().path();
    let original = request.extensions().get::<OriginalUri>().map_or(inner, |uri| uri.path());
    original.strip_suffix(inner).unwrap_or(original).trim_end_matches('/').to_owned()
}

/// Redirects `/audit/` to `/audit`: `Router::nest` alone does not answer the former.
///
/// ```
/// # fn mount(console: axum::Router) -> axum::Router {
/// axum::Router::new()
///     .nest("/audit", console)
///     .route("/audit/", threadline_server::redirect_trailing_slash())
/// # }
/// ```
pub fn redirect_trailing_slash<S: Clone + Send + Sync + 'static>() -> MethodRouter<S> {
    get(|OriginalUri(uri): OriginalUri| async move { Redirect::permanent(&without_trailing_slash(&uri)) })
}

/// Returns the path without slashes at its end. One slash is in front, so that a path such as `//example.org/` cannot redirect to
/// another host. Browsers read a backslash as a slash.
fn without_trailing_slash(uri: &Uri) -> String {
    let path = format!("/{}", uri.path().trim_matches(['/', '\\']));
    uri.query().map_or_else(|| path.clone(), |query| format!("{path}?{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_without_trailing_slash_stays_on_the_host() {
        for (uri, expected) in [
            ("/audit/", "/audit"),
            ("/audit/?a=/", "/audit?a=/"),
            ("//evil.example/", "/evil.example"),
            ("/\\evil.example/", "/evil.example"),
            ("/\\/evil.example/", "/evil.example"),
            ("/", "/"),
        ] {
            assert_eq!(without_trailing_slash(&uri.parse().unwrap()), expected, "{uri}");
        }
    }
}
