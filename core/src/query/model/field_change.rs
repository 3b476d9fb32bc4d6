//! A change field by field.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::change::{Change, RowImage};
use super::large_value::LargeValue;
use super::operation::Operation;

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

impl Change {
    /// Returns the fields of the change: every column of an inserted or deleted row by name, the changed columns of an updated
    /// row, and none of a TRUNCATE.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldChange> {
        let deleted = self.before.as_ref().or(self.previous.as_ref());
        let names: Vec<&String> = match self.operation {
            Operation::Insert => self.after.iter().flat_map(RowImage::keys).collect(),
            Operation::Delete => deleted.into_iter().flat_map(RowImage::keys).collect(),
            Operation::Update => self.changed_fields.iter().flatten().collect(),
            Operation::Truncate => Vec::new(),
        };
        names
            .into_iter()
            .map(|name| {
                let after = side(self.operation != Operation::Delete, self.after.as_ref(), name);
                FieldChange::new(name, self.old_value(name), after)
            })
            .collect()
    }

    fn old_value(&self, name: &str) -> (FieldValue, OldValueSource) {
        let of = |image: &Option<RowImage>| image.as_ref()?.get(name).map(|raw| FieldValue::of(raw));
        if self.operation == Operation::Insert {
            return (FieldValue::Absent, OldValueSource::Absent);
        }
        match (of(&self.before), of(&self.previous)) {
            (Some(value), _) => (value, OldValueSource::Stored),
            (None, Some(value)) => (value, OldValueSource::PreviousChange),
            (None, None) => (FieldValue::Omitted, OldValueSource::Unknown),
        }
    }
}

/// Returns the fields in which two images of a row differ, by name.
pub(in crate::query) fn between(before: Option<&RowImage>, after: Option<&RowImage>) -> Vec<FieldChange> {
    let names: BTreeSet<&String> = before.into_iter().chain(after).flat_map(RowImage::keys).collect();
    let raw = |image: Option<&RowImage>, name| {
        image.and_then(|image| image.get(name)).map(|raw| raw.get().to_owned())
    };
    names
        .into_iter()
        .filter(|name| raw(before, *name) != raw(after, *name))
        .map(|name| {
            let has_old_value = before.is_some_and(|row| row.contains_key(name));
            let source = if has_old_value { OldValueSource::Stored } else { OldValueSource::Absent };
            FieldChange::new(name, (side(false, before, name), source), side(false, after, name))
        })
        .collect()
}

fn side(row_existed: bool, image: Option<&RowImage>, name: &str) -> FieldValue {
    match image.and_then(|image| image.get(name)) {
        Some(value) => FieldValue::of(value),
        None if row_existed => FieldValue::Omitted,
        None => FieldValue::Absent,
    }
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
