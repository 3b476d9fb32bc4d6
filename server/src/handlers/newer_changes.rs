//! How many changes are newer than a place: a server function, run behind the guard.

use axum::Extension;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::provide_context;
use leptos_axum::handle_server_fns_with_context;
use threadline_app::islands::Reader;

use crate::guard::Visit;

pub(crate) async fn newer_changes(Extension(visit): Extension<Visit>, request: Request) -> Response {
    let trail = visit.shared.settings.trail.clone();
    let reader = Reader { trail, scope: visit.scope };
    let counted = handle_server_fns_with_context(move || provide_context(reader.clone()), request);
    let mut response = match tokio::time::timeout(visit.shared.settings.query_timeout, counted).await {
        Ok(response) => response.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
