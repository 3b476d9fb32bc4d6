//! The number of changes that are newer than a page: a server function.

use axum::Extension;
use axum::extract::Request;
use axum::response::Response;
use leptos::prelude::provide_context;
use threadline_app::RequestContext;
use threadline_app::islands::NewerChangesContext;

use super::server_function;

pub(crate) async fn newer_changes(
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Response {
    let provided = NewerChangesContext { trail: context.trail().clone(), scope: context.scope.clone() };
    server_function::answer(&context, move || provide_context(provided.clone()), request).await
}
