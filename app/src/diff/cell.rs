//! One side of a field.

use threadline::capture::DEFAULT_PLACEHOLDER;
use threadline::query::FieldValue;

use super::fold::{Segment, whole};

/// What a cell shows, and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The value.
    pub(crate) shown: CellValue,
    /// Remarks in words.
    pub(crate) notes: Vec<&'static str>,
}

/// A value as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CellValue {
    /// SQL NULL.
    Null,
    /// JSON null inside a JSON value.
    JsonNull,
    /// A text without characters.
    Empty,
    /// The row, or the path inside a JSON value, does not exist on this side.
    Absent,
    /// It existed and was not kept.
    Omitted,
    /// Nobody knows what it was.
    Unknown,
    /// It was too large to be kept: what is known of it, in words.
    TooLarge(String),
    /// A boolean.
    Bool(bool),
    /// A number, with every digit.
    Number(String),
    /// The placeholder of a masked column.
    Masked(String),
    /// A text, or JSON text.
    Text(Vec<Segment>),
}

impl Cell {
    pub(super) const fn of(shown: CellValue) -> Self {
        Self { shown, notes: Vec::new() }
    }

    pub(super) fn with(mut self, note: Option<&'static str>) -> Self {
        self.notes.extend(note);
        self
    }

    /// A value that stands alone. A text that reads like the usual placeholder of masked columns is said to do so: that it
    /// is one cannot be known.
    pub(crate) fn alone(value: FieldValue) -> Self {
        let note = matches!(&value, FieldValue::Text(text) if text == DEFAULT_PLACEHOLDER)
            .then_some("placeholder of masked columns");
        match value {
            FieldValue::Text(text) if note.is_some() => Self::of(CellValue::Masked(text)).with(note),
            value => Self::of(CellValue::from(value)),
        }
    }
}

impl From<FieldValue> for CellValue {
    fn from(value: FieldValue) -> Self {
        match value {
            FieldValue::Absent => Self::Absent,
            FieldValue::Omitted => Self::Omitted,
            FieldValue::Null => Self::Null,
            FieldValue::Bool(value) => Self::Bool(value),
            FieldValue::Number(digits) => Self::Number(digits),
            FieldValue::TooLarge(large) => Self::TooLarge(large.to_string()),
            FieldValue::Text(text) if text.is_empty() => Self::Empty,
            FieldValue::Text(text) | FieldValue::Json(text) => Self::Text(whole(text)),
            other => Self::Text(whole(format!("{other:?}"))),
        }
    }
}

/// The kind of a value, for the case that the kind is what changed.
pub(super) const fn kind(value: &FieldValue) -> Option<&'static str> {
    match value {
        FieldValue::Bool(_) => Some("boolean"),
        FieldValue::Number(_) => Some("number"),
        FieldValue::Text(_) => Some("text"),
        FieldValue::Json(_) => Some("JSON"),
        _ => None,
    }
}
