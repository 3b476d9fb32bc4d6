//! A change field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::change::{Change, RowImage};
use super::large_value::LargeValue;
use super::operation::Operation;
use super::value_limits::ShortenedValue;

/// The value of a field on one side of a change, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldValue {
    /// The row did not exist on this side.
    Absent,
    /// The row existed, but the value was not stored.
    Omitted,
    /// SQL NULL, or a JSON null in a json column.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, with every digit that the database wrote.
    Number(String),
    /// A text, and everything else that PostgreSQL writes as text.
    Text(String),
    /// An array or object, as JSON text.
    Json(String),
    /// A value that was too large to be stored.
    TooLarge(LargeValue),
    /// The beginning of a value that is longer than the snapshot's [limits](crate::query::ValueLimits) allow. Two of these may be
    /// different values even if they are equal.
    Shortened {
        /// The beginning: of a text itself, and of any other value as JSON.
        start: String,
        /// The size of the whole text in bytes.
        bytes: u64,
    },
}

impl FieldValue {
    fn of(raw: &RawValue) -> Self {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Bool(text == "true"),
            Some(b'"') => serde_json::from_str(text).map_or_else(|_| Self::Json(text.to_owned()), Self::Text),
            Some(b'{' | b'[') => {
                LargeValue::read(text).map_or_else(|| Self::Json(text.to_owned()), Self::TooLarge)
            }
            _ => Self::Number(text.to_owned()),
        }
    }
}

/// The source of the old value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OldValueSource {
    /// There is no old value: the row did not exist before.
    Absent,
    /// The value is stored with the change.
    Stored,
    /// The value is that after the previous change of the row. It is wrong only if the row was changed in between without being
    /// captured.
    PreviousChange,
    /// The value is not known.
    Unknown,
}

impl OldValueSource {
    /// Returns the word for the source in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Stored => "stored",
            Self::PreviousChange => "previous_change",
            Self::Unknown => "unknown",
        }
    }
}

/// A field with its old and new value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldChange {
    /// The column.
    pub name: String,
    /// The value before the change.
    pub before: FieldValue,
    /// The source of the value before the change.
    pub before_source: OldValueSource,
    /// The value after the change.
    pub after: FieldValue,
}

impl FieldChange {
    /// Creates a field change.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        (before, before_source): (FieldValue, OldValueSource),
        after: FieldValue,
    ) -> Self {
        Self { name: name.into(), before, before_source, after }
    }
}

/// An image of a row, if there is one, with the values that the snapshot's limits shortened.
#[derive(Debug, Clone, Copy)]
pub(in crate::query) struct Values<'a> {
    image: Option<&'a RowImage>,
    shortened: &'a BTreeMap<String, ShortenedValue>,
}

static NOT_SHORTENED: BTreeMap<String, ShortenedValue> = BTreeMap::new();

impl<'a> Values<'a> {
    /// No image.
    pub(super) const NONE: Self = Self { image: None, shortened: &NOT_SHORTENED };

    /// Returns the names of the columns, sorted.
    fn names(self) -> BTreeSet<&'a String> {
        self.image.into_iter().flat_map(RowImage::keys).chain(self.shortened.keys()).collect()
    }

    fn raw(self, name: &str) -> Option<&'a str> {
        self.image.and_then(|image| image.get(name)).map(|raw| raw.get())
    }

    fn get(self, name: &str) -> Option<FieldValue> {
        let whole = self.image.and_then(|image| image.get(name)).map(|raw| FieldValue::of(raw));
        whole.or_else(|| {
            let ShortenedValue { start, bytes } = self.shortened.get(name)?;
            Some(FieldValue::Shortened { start: start.clone(), bytes: *bytes })
        })
    }

    /// Returns the value, or why there is none.
    fn side(self, row_existed: bool, name: &str) -> FieldValue {
        self.get(name).unwrap_or(if row_existed { FieldValue::Omitted } else { FieldValue::Absent })
    }
}

impl Change {
    /// Returns the fields of the change: every column of an inserted or deleted row by name, the changed columns of an updated
    /// row, and none of a TRUNCATE or of a change whose [values are left out](Self::values_left_out).
    #[must_use]
    pub fn fields(&self) -> Vec<FieldChange> {
        if self.values_left_out.is_some() {
            return Vec::new();
        }
        let after = self.values_after();
        let deleted = if self.before.is_some() { self.values_before() } else { self.values_of_previous() };
        let names: Vec<&String> = match self.operation {
            Operation::Insert => after.names().into_iter().collect(),
            Operation::Delete => deleted.names().into_iter().collect(),
            Operation::Update => self.changed_fields.iter().flatten().collect(),
            Operation::Truncate => Vec::new(),
        };
        let row_existed = self.operation != Operation::Delete;
        let field =
            |name: &String| FieldChange::new(name, self.old_value(name), after.side(row_existed, name));
        names.into_iter().map(field).collect()
    }

    /// Returns the recorded value of a column: of the row after the change or, for a delete, of the row that was deleted. Returns
    /// `None` if the change does not hold the row, or the row does not have the column.
    ///
    /// ```no_run
    /// use threadline::query::{Change, FieldValue};
    ///
    /// fn subject(change: &Change) -> Option<String> {
    ///     match change.recorded_value("subject")? {
    ///         FieldValue::Text(subject) => Some(subject),
    ///         _ => None,
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn recorded_value(&self, column: &str) -> Option<FieldValue> {
        self.recorded_row().get(column)
    }

    /// Returns whether the change holds the row that it left, or the row that it deleted.
    #[must_use]
    pub fn has_recorded_row(&self) -> bool {
        self.recorded_row().image.is_some()
    }

    fn recorded_row(&self) -> Values<'_> {
        match self.operation {
            Operation::Delete if self.before.is_some() => self.values_before(),
            Operation::Delete => self.values_of_previous(),
            _ => self.values_after(),
        }
    }

    pub(super) const fn values_after(&self) -> Values<'_> {
        Values { image: self.after.as_ref(), shortened: &self.shortened.after }
    }

    const fn values_before(&self) -> Values<'_> {
        Values { image: self.before.as_ref(), shortened: &self.shortened.before }
    }

    const fn values_of_previous(&self) -> Values<'_> {
        Values { image: self.previous.as_ref(), shortened: &self.shortened.previous }
    }

    fn old_value(&self, name: &str) -> (FieldValue, OldValueSource) {
        if self.operation == Operation::Insert {
            return (FieldValue::Absent, OldValueSource::Absent);
        }
        match (self.values_before().get(name), self.values_of_previous().get(name)) {
            (Some(value), _) => (value, OldValueSource::Stored),
            (None, Some(value)) => (value, OldValueSource::PreviousChange),
            (None, None) => (FieldValue::Omitted, OldValueSource::Unknown),
        }
    }
}

/// Returns the fields in which two images of a row differ, by name. A shortened value may differ in the part that was not read.
pub(in crate::query) fn between(before: Values<'_>, after: Values<'_>) -> Vec<FieldChange> {
    let may_differ = |name: &str| {
        let is_shortened = before.shortened.contains_key(name) || after.shortened.contains_key(name);
        is_shortened || before.raw(name) != after.raw(name)
    };
    let names: BTreeSet<&String> = before.names().into_iter().chain(after.names()).collect();
    let field = |name: &String| {
        let old = before.side(false, name);
        let source = if old == FieldValue::Absent { OldValueSource::Absent } else { OldValueSource::Stored };
        FieldChange::new(name, (old, source), after.side(false, name))
    };
    names.into_iter().filter(|name| may_differ(name)).map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_keeps_its_kind_and_every_digit() {
        for (json, value) in [
            ("null", FieldValue::Null),
            ("true", FieldValue::Bool(true)),
            ("-9007199254740993.10", FieldValue::Number("-9007199254740993.10".to_owned())),
            (r#""a\n\"b\"""#, FieldValue::Text("a\n\"b\"".to_owned())),
            (r#""""#, FieldValue::Text(String::new())),
            (r#"{"a": 1e400}"#, FieldValue::Json(r#"{"a": 1e400}"#.to_owned())),
        ] {
            assert_eq!(FieldValue::of(&RawValue::from_string(json.to_owned()).unwrap()), value);
        }
    }
}
