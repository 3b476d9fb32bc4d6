//! What the header says of coverage: a server function.

use axum::Extension;
use axum::extract::Request;
use axum::response::Response;
use chrono::Utc;
use leptos::prelude::provide_context;
use threadline_app::islands::PillNow;

use super::server_function;
use crate::guard::Visit;

pub(crate) async fn coverage_now(Extension(visit): Extension<Visit>, request: Request) -> Response {
    let patience = visit.state.settings.query_timeout;
    let pill = PillNow(visit.state.monitor.known(patience).await.pill(Utc::now()));
    server_function::answer(&visit, move || provide_context(pill), request).await
}
