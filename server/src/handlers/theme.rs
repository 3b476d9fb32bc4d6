//! Remembers the theme.

use axum::Extension;
use axum::response::Response;

use super::home::unknown_address;
use crate::guard::Visit;

pub(crate) async fn theme(visit: Extension<Visit>) -> Response {
    unknown_address(visit).await
}
