//! The query of a transaction's page: its id, and a position in the list of its changes.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use threadline::query::{Position, TransactionId};

use crate::query_string::{pairs, parse_position};
use crate::{PageError, RequestContext};

/// A transaction, and the part of its changes to list.
#[derive(Debug)]
pub(in crate::pages) struct TransactionQuery {
    pub(super) id: TransactionId,
    pub(super) position: Position,
}

impl FromRequestParts<RequestContext> for TransactionQuery {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, context: &RequestContext) -> Result<Self, PageError> {
        // A segment that cannot be decoded is no id.
        let path = Path::<String>::from_request_parts(parts, context).await;
        let id = path.map(|Path(id)| id).unwrap_or_default().parse()?;
        let position = parse_position(&pairs(parts), "one of the keys older and newer")?;
        Ok(Self { id, position })
    }
}
