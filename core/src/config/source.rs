//! Where something is in the file, and how it is written there.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::suggest::suggestions;
use super::{ConfigError, ConfigProblem};

/// The text of the file.
pub(super) struct Source<'a>(pub(super) &'a str);

/// A key with its value, and where both are.
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a DeValue<'a>,
    pub(super) key_span: Range<usize>,
    pub(super) value_span: Range<usize>,
}

/// In the order of the file, so that the first mistake is the one that is told.
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
    pub(super) fn at(&self, span: &Range<usize>, problem: impl Into<ConfigProblem>) -> ConfigError {
        let before = self.0.get(..span.start).unwrap_or(self.0);
        ConfigError { line: before.matches('\n').count() + 1, problem: problem.into() }
    }

    pub(super) fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let span = error.span().unwrap_or(0..0);
        let problem = match error.message() {
            "duplicate key" => ConfigProblem::Duplicate { key: self.written(&span) },
            message => ConfigProblem::Syntax { message: message.to_owned() },
        };
        self.at(&span, problem)
    }

    pub(super) fn value(&self, entry: &Entry<'_>, place: &str, expected: &str) -> ConfigError {
        let found = match entry.value {
            DeValue::Table(_) => "a section".to_owned(),
            _ => self.written(&entry.value_span),
        };
        let (key, place, expected) = (entry.key.to_owned(), place.to_owned(), expected.to_owned());
        self.at(&entry.value_span, ConfigProblem::Value { key, place, found, expected })
    }

    pub(super) fn unknown(&self, entry: &Entry<'_>, place: &str, known: &[&str]) -> ConfigError {
        let meant = suggestions(entry.key, known);
        let hint = if meant.is_empty() {
            format!("its keys are {}", known.join(", "))
        } else {
            format!("did you mean {}?", meant.join(" or "))
        };
        self.unknown_with(entry, place, hint)
    }

    pub(super) fn unknown_with(&self, entry: &Entry<'_>, place: &str, hint: String) -> ConfigError {
        let (key, place) = (entry.key.to_owned(), place.to_owned());
        self.at(&entry.key_span, ConfigProblem::UnknownKey { key, place, hint })
    }

    /// A part of the file on one line of bearable length.
    fn written(&self, span: &Range<usize>) -> String {
        const LONGEST: usize = 60;
        let text = self.0.get(span.clone()).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}
