//! The audit context as an axum extractor.

use std::convert::Infallible;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::AuditContext;

/// The rejection of the extractor [`AuditContext`] on a route without [`AuditContextLayer`](crate::AuditContextLayer). Its
/// response has the status 500 and explains how to fix the router.
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

/// Extracts the context that [`AuditContextLayer`](crate::AuditContextLayer) added (feature `axum`).
impl<S: Sync> FromRequestParts<S> for AuditContext {
    type Rejection = MissingAuditContext;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingAuditContext> {
        parts.extensions.get::<Self>().cloned().ok_or(MissingAuditContext)
    }
}

/// Extracts `None` on a route without the layer.
impl<S: Sync> OptionalFromRequestParts<S> for AuditContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
