//! The size and digest of a value that was too large to be stored.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The size and digest of a value that was too large to be stored. The change holds `{"too_large": {"bytes": …, "sha256": …}}`
/// in its place. Displayed, it is a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LargeValue {
    /// The size in bytes: that of a `bytea`, or of the UTF-8 text of any other value. Without a digest, the size that the value
    /// has on disk, possibly compressed.
    pub bytes: u64,
    /// The SHA-256 of the same bytes, in hexadecimal digits; `None` if the value was too large to compute it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Marker {
    too_large: LargeValue,
}

impl LargeValue {
    /// Reads the marker. Returns none for an object that is a value of its own.
    pub(super) fn read(json: &str) -> Option<Self> {
        let is_digest =
            |text: &String| text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let marker = json.len() <= MAX_MARKER_BYTES && json.starts_with(r#"{"too_large""#);
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

/// Returns the digits in groups of three.
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

/// The longest marker, so that a long value is not parsed for one.
const MAX_MARKER_BYTES: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_marker_is_read_as_a_large_value() {
        let digest = "ab".repeat(32);
        for (json, words) in [
            (
                format!(r#"{{"too_large": {{"bytes": 140000000, "sha256": "{digest}"}}}}"#),
                format!("too large to keep: 140,000,000 bytes, SHA-256 {digest}"),
            ),
            (r#"{"too_large": {"bytes": 999}}"#.to_owned(), "too large to keep: 999 bytes".to_owned()),
        ] {
            assert_eq!(LargeValue::read(&json).map(|large| large.to_string()), Some(words));
        }
        for own in [
            r#"{"too_large": true}"#,
            r#"{"too_large": {"bytes": "1"}}"#,
            r#"{"too_large": {"bytes": 1, "sha256": "secret"}}"#,
            r#"{"too_large": {"bytes": 1, "more": 2}}"#,
            r#"{"too_large": {"bytes": 1}, "more": 2}"#,
        ] {
            assert_eq!(LargeValue::read(own), None);
        }
    }
}
