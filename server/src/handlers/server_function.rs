//! Runs server functions behind the route guard.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use leptos_axum::handle_server_fns_with_context;
use threadline_app::RequestContext;

/// Runs the server function of this address with the context that it needs. The response is not cached anywhere.
pub(super) async fn answer(
    context: &RequestContext,
    provide: impl Fn() + Clone + Send + Sync + 'static,
    request: Request,
) -> Response {
    let response = handle_server_fns_with_context(provide, request);
    let mut response = match tokio::time::timeout(context.services.query_timeout(), response).await {
        Ok(response) => response.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
