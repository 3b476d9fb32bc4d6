//! The context of a request as an extractor of axum's handlers.

use std::convert::Infallible;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::AuditContext;

/// The answer of a route that takes an [`AuditContext`] and has no [`AuditContextLayer`](crate::AuditContextLayer) around it:
/// a mistake in the host's router, so a 500 that says how to repair it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this route takes an AuditContext, and no AuditContextLayer fills it: add one with Router::layer, around this route"
)]
pub struct MissingAuditContext;

impl IntoResponse for MissingAuditContext {
    fn into_response(self) -> Response {
        tracing::error!("{self}");
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

/// The context that [`AuditContextLayer`](crate::AuditContextLayer) has filled (feature `axum`).
impl<S: Sync> FromRequestParts<S> for AuditContext {
    type Rejection = MissingAuditContext;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingAuditContext> {
        parts.extensions.get::<Self>().cloned().ok_or(MissingAuditContext)
    }
}

/// None on a route without the layer.
impl<S: Sync> OptionalFromRequestParts<S> for AuditContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
