//! One row over time.

use axum::Extension;
use axum::response::Response;

use super::home::unknown_address;
use crate::guard::Visit;

pub(crate) async fn find_row(visit: Extension<Visit>) -> Response {
    unknown_address(visit).await
}

pub(crate) async fn row(visit: Extension<Visit>) -> Response {
    unknown_address(visit).await
}
