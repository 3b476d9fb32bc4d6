//! The error of every value that is read from text.

use std::borrow::Cow;

/// A parameter of a request or a command whose text cannot be read. Its message names the parameter, its text, and what is
/// expected instead.
///
/// ```
/// use threadline::query::Cursor;
///
/// let error = "17".parse::<Cursor>().unwrap_err();
/// assert_eq!(error.to_string(), r#"cursor is "17": expected a link from the page itself"#);
/// assert_eq!(error.named("older").name, "older");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {value:?}: expected {expected}")]
#[non_exhaustive]
pub struct InvalidParameter {
    /// The name of the parameter.
    pub name: String,
    /// The text that was given.
    pub value: String,
    /// A description of the texts that are accepted.
    pub expected: Cow<'static, str>,
}

impl InvalidParameter {
    /// Creates the error of this parameter.
    #[must_use]
    pub fn new(name: &str, value: &str, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), expected: expected.into() }
    }

    /// Sets the name of the parameter. An implementation of `FromStr` does not know the name under which its text was given.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }
}
