//! How many changes are newer than a place: a server function.

use axum::Extension;
use axum::extract::Request;
use axum::response::Response;
use leptos::prelude::provide_context;
use threadline_app::islands::NewerChangesContext;

use super::server_function;
use crate::guard::Visit;

pub(crate) async fn newer_changes(Extension(visit): Extension<Visit>, request: Request) -> Response {
    let reader =
        NewerChangesContext { trail: visit.state.settings.trail.clone(), scope: visit.scope.clone() };
    server_function::answer(&visit, move || provide_context(reader.clone()), request).await
}
