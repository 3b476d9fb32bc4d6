//! Runs server functions behind the route guard.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use leptos_axum::handle_server_fns_with_context;
use threadline_app::RequestContext;

/// Runs the server function of this address with the context that it needs.
///
/// leptos answers a request that accepts HTML with a redirect to its `Referer`, for forms without script. The console has no
/// such form, and the address may be on another site, so neither header reaches leptos. It knows no `HEAD` either: that is
/// answered like `GET`, and axum leaves the body out.
pub(super) async fn answer(
    context: &RequestContext,
    provide: impl Fn() + Clone + Send + Sync + 'static,
    mut request: Request,
) -> Response {
    request.headers_mut().remove(header::ACCEPT);
    request.headers_mut().remove(header::REFERER);
    if request.method() == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    let response = handle_server_fns_with_context(provide, request);
    match tokio::time::timeout(context.services.query_timeout(), response).await {
        Ok(response) => response.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
