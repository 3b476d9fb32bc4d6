//! The text of the search.

use axum::extract::FromRequestParts;
use http::request::Parts;
use threadline::InvalidParameter;

use crate::query_string::pairs;
use crate::{PageError, RequestContext};

/// The longest text, in bytes.
const MAX_BYTES: usize = 500;

/// Returns whether a text can be searched.
pub(super) fn is_readable(text: &str) -> bool {
    text.len() <= MAX_BYTES && !text.contains('\0')
}

/// Returns a text without the quotation marks around it.
fn without_quotes(text: &str) -> &str {
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inside.map(str::trim).filter(|inside| !inside.is_empty()).unwrap_or(text)
}

/// The text of the search, without blanks and quotation marks at its ends.
#[derive(Debug)]
pub(in crate::pages) struct SearchQuery {
    pub(super) text: String,
}

impl FromRequestParts<RequestContext> for SearchQuery {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &RequestContext) -> Result<Self, PageError> {
        let mut text = String::new();
        for (key, value) in pairs(parts) {
            if key != "q" {
                return Err(InvalidParameter::new(&key, &value, "the key q").into());
            }
            without_quotes(value.trim()).clone_into(&mut text);
        }
        if !is_readable(&text) {
            let start: String = text.chars().take(20).collect();
            let expected = "a text of at most 500 bytes without a NUL character";
            return Err(InvalidParameter::new("q", &format!("{start}…"), expected).into());
        }
        Ok(Self { text })
    }
}
