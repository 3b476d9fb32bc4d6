//! What is wrong with a filter.

use std::borrow::Cow;

/// A part of a request that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} is {value:?}: expected {expected}")]
pub struct InvalidParameter {
    /// Which key.
    pub key: String,
    /// What it held.
    pub value: String,
    /// What may stand there.
    pub expected: Cow<'static, str>,
}

impl InvalidParameter {
    /// The error for this key, what it held, and what may stand there.
    #[must_use]
    pub fn new(key: &str, value: &str, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { key: key.to_owned(), value: value.to_owned(), expected: expected.into() }
    }
}
