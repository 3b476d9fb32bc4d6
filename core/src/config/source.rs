//! The text of the file, with the positions of its keys and values for error messages.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::suggest::suggestions;
use super::{ConfigError, ConfigProblem};

/// The text of the file.
pub(super) struct Source<'a>(pub(super) &'a str);

/// A key with its value, and the positions of both.
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a DeValue<'a>,
    pub(super) key_span: Range<usize>,
    pub(super) value_span: Range<usize>,
}

/// Returns the entries in the order of the file, so that the first error is reported.
pub(super) fn entries<'a>(table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
    let entry = |(key, value): (&'a Spanned<Cow<'a, str>>, &'a Spanned<DeValue<'a>>)| Entry {
        key: key.get_ref(),
        value: value.get_ref(),
        key_span: key.span(),
        value_span: value.span(),
    };
    let mut entries: Vec<Entry<'a>> = table.iter().map(entry).collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    entries
}

impl Source<'_> {
    /// Returns a problem with the line of its position.
    pub(super) fn at(&self, span: &Range<usize>, problem: impl Into<ConfigProblem>) -> ConfigError {
        let before = self.0.get(..span.start).unwrap_or(self.0);
        ConfigError { line: before.matches('\n').count() + 1, problem: problem.into() }
    }

    /// Returns the error for text that is not valid TOML.
    pub(super) fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let span = error.span().unwrap_or(0..0);
        let problem = match error.message() {
            "duplicate key" => ConfigProblem::Duplicate { key: self.excerpt(&span) },
            message => ConfigProblem::Syntax { message: message.to_owned() },
        };
        self.at(&span, problem)
    }

    /// Returns the error for a value that is not allowed.
    pub(super) fn value(&self, entry: &Entry<'_>, section: &str, expected: &str) -> ConfigError {
        let found = match entry.value {
            DeValue::Table(_) => "a section".to_owned(),
            _ => self.excerpt(&entry.value_span),
        };
        let (key, section, expected) = (entry.key.to_owned(), section.to_owned(), expected.to_owned());
        self.at(&entry.value_span, ConfigProblem::Value { key, section, found, expected })
    }

    /// Returns the error for an unknown key, with similar known keys as the hint.
    pub(super) fn unknown(&self, entry: &Entry<'_>, section: &str, known: &[&str]) -> ConfigError {
        let meant = suggestions(entry.key, known);
        let hint = if meant.is_empty() {
            format!("its keys are {}", known.join(", "))
        } else {
            format!("did you mean {}?", meant.join(" or "))
        };
        self.unknown_with(entry, section, hint)
    }

    /// Returns the error for an unknown key with this hint.
    pub(super) fn unknown_with(&self, entry: &Entry<'_>, section: &str, hint: String) -> ConfigError {
        let (key, section) = (entry.key.to_owned(), section.to_owned());
        self.at(&entry.key_span, ConfigProblem::UnknownKey { key, section, hint })
    }

    /// Returns a part of the file on one line, shortened if it is long.
    fn excerpt(&self, span: &Range<usize>) -> String {
        const MAX_CHARS: usize = 60;
        let text = self.0.get(span.clone()).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(MAX_CHARS) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}
