//! The condition on recorded values.

use std::fmt;
use std::str::FromStr;

use crate::InvalidParameter;

/// A text to find in recorded values: anywhere in a value, or the whole value. Written `berta` or `=berta`.
///
/// A text is found anywhere in a value whatever its case, and a whole value only as it is written. White space at both ends of the text
/// is left out.
///
/// ```
/// use threadline::query::ValueFilter;
///
/// let value: ValueFilter = "=berta@example.org".parse()?;
/// assert_eq!((value.text(), value.is_whole()), ("berta@example.org", true));
/// assert_eq!(value.to_string(), "=berta@example.org");
/// // The text may be a secret, so debug output does not contain it.
/// assert_eq!(format!("{value:?}"), "ValueFilter(\"(18 bytes)\")");
/// # Ok::<(), threadline::InvalidParameter>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ValueFilter {
    text: String,
    is_whole: bool,
}

impl ValueFilter {
    /// The maximum length of the text in bytes.
    pub const MAX_BYTES: usize = 1_000;

    pub(super) const EXPECTED: &str =
        "a text of 1 to 1000 bytes without a NUL character, with = before it for the whole value";

    /// The name of the filter's key.
    pub(super) const KEY: &str = "value";

    /// Finds a text anywhere in a value.
    ///
    /// # Errors
    /// [`InvalidParameter`] if the text is blank or longer than [`MAX_BYTES`](Self::MAX_BYTES), begins with `=`, or contains a NUL
    /// character.
    pub fn containing(text: &str) -> Result<Self, InvalidParameter> {
        if text.trim().is_empty() || text.trim_start().starts_with('=') {
            return Err(Self::invalid(text));
        }
        Self::new(text, false)
    }

    /// Finds a whole value, which may be the empty text.
    ///
    /// # Errors
    /// [`InvalidParameter`] if the text is longer than [`MAX_BYTES`](Self::MAX_BYTES), or contains a NUL character.
    pub fn whole(text: &str) -> Result<Self, InvalidParameter> {
        Self::new(text, true)
    }

    fn new(text: &str, is_whole: bool) -> Result<Self, InvalidParameter> {
        let trimmed = text.trim();
        if trimmed.len() > Self::MAX_BYTES || trimmed.contains('\0') {
            return Err(Self::invalid(text));
        }
        Ok(Self { text: trimmed.to_owned(), is_whole })
    }

    /// Returns the text, without the `=`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether only whole values are found.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Returns the text as a pattern of `LIKE`, in which it has no wildcards.
    pub(in crate::query) fn pattern(text: &str) -> String {
        let mut pattern = String::from("%");
        for character in text.chars() {
            if matches!(character, '\\' | '%' | '_') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern + "%"
    }

    /// Returns the longest part of the text that is the same inside of JSON, where some characters are escaped.
    pub(in crate::query) fn part_in_json(&self) -> &str {
        let is_escaped = |character: char| matches!(character, '"' | '\\') || character.is_control();
        self.text.split(is_escaped).max_by_key(|part| part.len()).unwrap_or_default()
    }

    /// Returns the error of a text, which it does not contain: errors are logged, and the text may be a secret.
    fn invalid(text: &str) -> InvalidParameter {
        InvalidParameter::new(Self::KEY, &Self::without_text(text), Self::EXPECTED)
    }

    /// Returns what an error or debug output shows instead of the text.
    pub(super) fn without_text(text: &str) -> String {
        format!("({} bytes)", text.len())
    }
}

impl FromStr for ValueFilter {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        match text.trim_start().strip_prefix('=') {
            Some(whole) => Self::whole(whole),
            None => Self::containing(text),
        }
    }
}

impl fmt::Display for ValueFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_whole { "=" } else { "" })?;
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ValueFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ValueFilter").field(&Self::without_text(&self.to_string())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_without_white_space_at_its_ends() {
        for (typed, text, is_whole) in [
            ("berta", "berta", false),
            ("  two words ", "two words", false),
            ("=x", "x", true),
            (" = x ", "x", true),
            ("==x", "=x", true),
            ("=", "", true),
            ("50%_\\", "50%_\\", false),
            ("\u{202e}x", "\u{202e}x", false),
        ] {
            let value: ValueFilter = typed.parse().unwrap();
            assert_eq!((value.text(), value.is_whole()), (text, is_whole), "{typed:?}");
            assert_eq!(value.to_string().parse(), Ok(value), "{typed:?}");
        }
    }

    #[test]
    fn error_has_the_limit_and_not_the_text() {
        for text in ["", "  ", "a\0b", &"secret".repeat(2_000), &format!("={}", "secret".repeat(2_000))] {
            let error = text.parse::<ValueFilter>().unwrap_err().to_string();
            assert!(error.contains("a text of 1 to 1000 bytes without a NUL character"), "{error}");
            assert!(error.len() < 200, "{error}");
        }
        ValueFilter::containing("=x").unwrap_err();
        assert!("x".repeat(ValueFilter::MAX_BYTES).parse::<ValueFilter>().is_ok());
    }

    #[test]
    fn wildcards_of_like_are_escaped() {
        assert_eq!(ValueFilter::pattern(r"5%_\"), r"%5\%\_\\%");
    }

    #[test]
    fn part_in_json_contains_no_escaped_character() {
        for (text, part) in [("a b", "a b"), ("say \"hello\"", "hello"), ("a\\bc\n", "bc"), ("\"", "")] {
            assert_eq!(ValueFilter::containing(text).unwrap().part_in_json(), part, "{text:?}");
        }
    }
}
