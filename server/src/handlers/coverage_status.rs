//! The coverage status of the header: a server function.

use axum::Extension;
use axum::extract::Request;
use axum::response::Response;
use chrono::Utc;
use leptos::prelude::provide_context;
use threadline_app::RequestContext;
use threadline_app::islands::CoverageStatusContext;

use super::server_function;

pub(crate) async fn coverage_status(
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Response {
    let services = &context.services;
    let coverage = services.coverage().current(services.query_timeout()).await;
    let status = CoverageStatusContext(coverage.pill(Utc::now()));
    server_function::answer(&context, move || provide_context(status), request).await
}
