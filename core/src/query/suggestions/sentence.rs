//! The words of an explanation. Values are kept apart from words, so that a reader can escape or isolate each.

use std::borrow::Cow;
use std::fmt;

use super::describe::singular_name;
use crate::TableName;
use crate::query::model::row_key::RowKey;

/// A sentence about a filter. Displayed as text, it contains values as they were typed: whoever shows it has to escape them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sentence(Vec<SentencePart>);

/// A part of a [`Sentence`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SentencePart {
    /// Words of this library.
    Words(Cow<'static, str>),
    /// A value that somebody typed, or that is recorded.
    Value(String),
}

impl Sentence {
    pub(in crate::query) fn words(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(SentencePart::Words(words.into()));
        self
    }

    pub(in crate::query) fn value(mut self, value: impl Into<String>) -> Self {
        self.0.push(SentencePart::Value(value.into()));
        self
    }

    /// Appends values with `or` between them.
    pub(super) fn any_of<T: ToString>(self, values: &[T]) -> Self {
        values.iter().enumerate().fold(self, |sentence, (index, value)| {
            let sentence = if index == 0 { sentence } else { sentence.words(" or ") };
            sentence.value(value.to_string())
        })
    }

    /// Appends the name of a record, such as `ticket 5041`.
    pub(super) fn record(self, table: &TableName, key: &RowKey) -> Self {
        let named = self.value(singular_name(table));
        let is_alone = key.iter().len() == 1;
        key.iter().enumerate().fold(named, |sentence, (index, (column, value))| {
            let sentence = sentence.words(if index == 0 { " " } else { ", " });
            let sentence = if is_alone { sentence } else { sentence.value(column).words(" ") };
            match value.unwrap_or_default() {
                "" => sentence.words("(empty text)"),
                value => sentence.value(value),
            }
        })
    }
}

impl From<String> for Sentence {
    /// Makes a sentence of words that contain no separate values.
    fn from(words: String) -> Self {
        Self::default().words(words)
    }
}

impl IntoIterator for Sentence {
    type Item = SentencePart;
    type IntoIter = std::vec::IntoIter<SentencePart>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            SentencePart::Words(words) => f.write_str(words),
            SentencePart::Value(value) => f.write_str(value),
        })
    }
}
