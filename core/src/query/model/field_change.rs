//! What changed, field by field.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::query::{Change, LargeValue, Operation, RowImage};

/// One side of a field: a value, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldValue {
    /// The row did not exist on this side.
    Absent,
    /// The row existed and its value was not kept.
    Omitted,
    /// SQL NULL (a JSON null inside a json column reads the same).
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, with every digit that the database wrote.
    Number(String),
    /// A text, and everything that PostgreSQL writes as text.
    Text(String),
    /// An array or object, as JSON text.
    Json(String),
    /// A value that was too large to be kept.
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
                LargeValue::of(text).map_or_else(|| Self::Json(text.to_owned()), Self::TooLarge)
            }
            _ => Self::Number(text.to_owned()),
        }
    }
}

/// Where the old value of a field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OldValueSource {
    /// There is none: the row did not exist before.
    Absent,
    /// It is stored with the change.
    Stored,
    /// It is what the row's previous change left: right, unless the row was changed uncaptured in between.
    PreviousChange,
    /// Nobody knows.
    Unknown,
}

/// A field with its old and new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The column.
    pub name: String,
    /// Before the change.
    pub before: FieldValue,
    /// Where that comes from.
    pub before_source: OldValueSource,
    /// After it.
    pub after: FieldValue,
}

impl Change {
    /// What changed, ordered by column name: every column of an inserted or deleted row, only the changed ones of an updated
    /// row, nothing for a truncate.
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
                let (before, before_source) = self.old_value(name);
                let after = side(self.operation != Operation::Delete, self.after.as_ref(), name);
                FieldChange { name: name.clone(), before, before_source, after }
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

/// The fields in which two images of a row differ, by name.
pub(in crate::query) fn between(before: Option<&RowImage>, after: Option<&RowImage>) -> Vec<FieldChange> {
    let names: BTreeSet<&String> = before.into_iter().chain(after).flat_map(RowImage::keys).collect();
    let raw = |image: Option<&RowImage>, name| {
        image.and_then(|image| image.get(name)).map(|raw| raw.get().to_owned())
    };
    names
        .into_iter()
        .filter(|name| raw(before, *name) != raw(after, *name))
        .map(|name| FieldChange {
            name: name.clone(),
            before: side(false, before, name),
            before_source: if before.is_some_and(|row| row.contains_key(name)) {
                OldValueSource::Stored
            } else {
                OldValueSource::Absent
            },
            after: side(false, after, name),
        })
        .collect()
}

fn side(existed: bool, image: Option<&RowImage>, name: &str) -> FieldValue {
    match image.and_then(|image| image.get(name)) {
        Some(value) => FieldValue::of(value),
        None if existed => FieldValue::Omitted,
        None => FieldValue::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_kind_and_every_digit() {
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
