//! Where the host nested the console.

use axum::extract::{OriginalUri, Request};
use axum::response::Redirect;
use axum::routing::{MethodRouter, get};

/// The path of the mount, without a slash at its end: what nesting took away from the front of the original path. Read from
/// each request, so one process can hold several consoles.
pub(crate) fn base(request: &Request) -> String {
    let inner = request.uri().path();
    let original = request.extensions().get::<OriginalUri>().map_or(inner, |uri| uri.path());
    original.strip_suffix(inner).unwrap_or(original).trim_end_matches('/').to_owned()
}

/// Sends `/audit/` to `/audit`, which `Router::nest` alone would not answer.
///
/// ```
/// # fn mount(console: axum::Router) -> axum::Router {
/// axum::Router::new()
///     .nest("/audit", console)
///     .route("/audit/", threadline_server::redirect_trailing_slash())
/// # }
/// ```
pub fn redirect_trailing_slash<S: Clone + Send + Sync + 'static>() -> MethodRouter<S> {
    get(|OriginalUri(uri): OriginalUri| async move {
        // One slash in front, so that a path such as //example.org/ cannot lead to another host.
        let path = format!("/{}", uri.path().trim_matches('/'));
        Redirect::permanent(&uri.query().map_or_else(|| path.clone(), |query| format!("{path}?{query}")))
    })
}
