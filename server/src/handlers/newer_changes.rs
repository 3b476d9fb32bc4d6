//! How many changes are newer than a place.

use axum::Extension;
use axum::response::Response;

use super::home::unknown_address;
use crate::guard::Visit;

pub(crate) async fn newer_changes(visit: Extension<Visit>) -> Response {
    unknown_address(visit).await
}
