//! The query of the coverage page: one schema, or all.

use axum::extract::FromRequestParts;
use http::request::Parts;
use threadline::InvalidParameter;

use crate::query_string::pairs;
use crate::{PageError, RequestContext};

/// The schema to show, if only one.
#[derive(Debug)]
pub(in crate::pages) struct CoverageQuery {
    pub(super) schema: Option<String>,
}

impl FromRequestParts<RequestContext> for CoverageQuery {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &RequestContext) -> Result<Self, PageError> {
        let mut schema = None;
        for (key, value) in pairs(parts) {
            if key != "schema" {
                return Err(invalid(InvalidParameter::new(&key, &value, "schema alone")));
            }
            schema = Some(value.trim().to_owned()).filter(|value| !value.is_empty()).or(schema);
        }
        Ok(Self { schema })
    }
}

/// Returns the page about a query that asks for something impossible.
pub(super) fn invalid(error: InvalidParameter) -> PageError {
    PageError::from(error).link("Show all schemas", "/coverage")
}
