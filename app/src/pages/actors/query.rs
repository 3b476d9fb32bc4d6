//! The query of the page: a time window.

use axum::extract::FromRequestParts;
use http::request::Parts;
use threadline::InvalidParameter;
use threadline::query::RelativeRange;

use crate::query_string::pairs;
use crate::relative_range::DEFAULT_RANGE;
use crate::{PageError, RequestContext};

/// The time window.
#[derive(Debug)]
pub(in crate::pages) struct ActorsQuery {
    pub(super) window: RelativeRange,
}

impl FromRequestParts<RequestContext> for ActorsQuery {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &RequestContext) -> Result<Self, PageError> {
        let mut window = DEFAULT_RANGE;
        for (key, value) in pairs(parts) {
            if key != "window" {
                return Err(InvalidParameter::new(&key, &value, "the key window").into());
            }
            window = value.parse()?;
        }
        Ok(Self { window })
    }
}
