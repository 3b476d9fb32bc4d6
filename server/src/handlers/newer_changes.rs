//! The number of changes that are newer than a page: a server function.

use axum::Extension;
use axum::extract::{Query, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use leptos::prelude::provide_context;
use threadline_app::RequestContext;
use threadline_app::islands::NewerChangesContext;

use super::server_function;

/// The arguments of the server function, each exactly once.
#[derive(Debug, serde::Deserialize)]
struct Arguments {
    #[serde(rename = "query")]
    _query: String,
    #[serde(rename = "since")]
    _since: String,
}

/// Answers 400 where leptos would answer 500: if an argument is missing or repeated.
pub(crate) async fn newer_changes(
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Response {
    if Query::<Arguments>::try_from_uri(request.uri()).is_err() {
        return (StatusCode::BAD_REQUEST, "query and since: give each of them once").into_response();
    }
    let provided = NewerChangesContext { trail: context.trail().clone(), scope: context.scope.clone() };
    server_function::answer(&context, move || provide_context(provided.clone()), request).await
}
