//! What is kept of a value that is too large to be kept.

use std::fmt;

use serde::Deserialize;

/// What is kept of a value that was too large: `{"too_large": {"bytes": …, "sha256": …}}` stands in its place. Displays as a
/// sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LargeValue {
    /// Its size: of the bytes of a `bytea`, and of the UTF-8 text of anything else.
    pub bytes: u64,
    /// The SHA-256 of the same bytes, in hexadecimal digits; none where not even that could be computed.
    pub sha256: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Marker {
    too_large: LargeValue,
}

impl LargeValue {
    /// Reads the marker; none where the object is a value of its own.
    pub(in crate::query) fn of(json: &str) -> Option<Self> {
        let is_digest =
            |text: &String| text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let marker = json.len() <= MARKER_AT_MOST && json.starts_with(r#"{"too_large""#);
        let marker: Marker = marker.then(|| serde_json::from_str(json).ok()).flatten()?;
        marker.too_large.sha256.as_ref().is_none_or(is_digest).then_some(marker.too_large)
    }
}

impl fmt::Display for LargeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "too large to keep: {} bytes", grouped(self.bytes))?;
        self.sha256.as_ref().map_or(Ok(()), |digest| write!(f, ", SHA-256 {digest}"))
    }
}

/// Writes the digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The marker of a large value is shorter than this, so that a long value is not read twice.
const MARKER_AT_MOST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_of_a_large_value_is_read_as_one_and_nothing_else_is() {
        let digest = "ab".repeat(32);
        for (json, words) in [
            (
                format!(r#"{{"too_large": {{"bytes": 140000000, "sha256": "{digest}"}}}}"#),
                format!("too large to keep: 140,000,000 bytes, SHA-256 {digest}"),
            ),
            (r#"{"too_large": {"bytes": 999}}"#.to_owned(), "too large to keep: 999 bytes".to_owned()),
        ] {
            assert_eq!(LargeValue::of(&json).map(|large| large.to_string()), Some(words));
        }
        for own in [
            r#"{"too_large": true}"#,
            r#"{"too_large": {"bytes": "1"}}"#,
            r#"{"too_large": {"bytes": 1, "sha256": "secret"}}"#,
            r#"{"too_large": {"bytes": 1, "more": 2}}"#,
            r#"{"too_large": {"bytes": 1}, "more": 2}"#,
        ] {
            assert_eq!(LargeValue::of(own), None);
        }
    }
}
