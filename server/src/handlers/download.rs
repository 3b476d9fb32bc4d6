//! Changes as files.

use axum::Extension;
use axum::response::Response;

use super::home::unknown_address;
use crate::guard::Visit;

pub(crate) async fn csv(visit: Extension<Visit>) -> Response {
    unknown_address(visit).await
}

pub(crate) async fn json(visit: Extension<Visit>) -> Response {
    unknown_address(visit).await
}

pub(crate) async fn ndjson(visit: Extension<Visit>) -> Response {
    unknown_address(visit).await
}
