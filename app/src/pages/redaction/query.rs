//! The query of the redaction page, which must be empty.

use axum::extract::FromRequestParts;
use http::request::Parts;
use threadline::InvalidParameter;

use crate::query_string::pairs;
use crate::{PageError, RequestContext};

/// An address without a query.
#[derive(Debug)]
pub(in crate::pages) struct RedactionQuery;

impl FromRequestParts<RequestContext> for RedactionQuery {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &RequestContext) -> Result<Self, PageError> {
        match pairs(parts).first() {
            None => Ok(Self),
            Some((key, value)) => {
                let error = InvalidParameter::new(key, value, "an address without a query");
                Err(PageError::from(error).link("Show redaction", "/policy/redaction"))
            }
        }
    }
}
