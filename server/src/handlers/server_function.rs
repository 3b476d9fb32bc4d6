//! Answering a server function behind the guard.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use leptos_axum::handle_server_fns_with_context;

use crate::guard::Visit;

/// Runs the server function of this address with what it is answered from. The answer is kept nowhere.
pub(super) async fn answer(
    visit: &Visit,
    provide: impl Fn() + Clone + Send + Sync + 'static,
    request: Request,
) -> Response {
    let answered = handle_server_fns_with_context(provide, request);
    let mut response = match tokio::time::timeout(visit.state.settings.query_timeout, answered).await {
        Ok(response) => response.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
