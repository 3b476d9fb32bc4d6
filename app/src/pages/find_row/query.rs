//! The fields of the form.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::RequestContext;
use crate::query_string::pairs;

/// The typed table and record, once the form was sent.
#[derive(Debug)]
pub(in crate::pages) struct FindRowQuery {
    pub(super) typed: Option<(String, String)>,
}

impl FromRequestParts<RequestContext> for FindRowQuery {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &RequestContext) -> Result<Self, Infallible> {
        let pairs = pairs(parts);
        let value = |name: &str| {
            let pair = pairs.iter().find(|(key, _)| key == name);
            pair.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        Ok(Self { typed: (!pairs.is_empty()).then(|| (value("table"), value("record"))) })
    }
}
