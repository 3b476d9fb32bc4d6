//! One side of a field.

use threadline::capture::DEFAULT_PLACEHOLDER;
use threadline::query::FieldValue;

use super::fold::{Segment, whole};

/// A cell of the diff: a value, and notes about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The value.
    pub(crate) shown: CellValue,
    /// Notes in words.
    pub(crate) notes: Vec<&'static str>,
}

/// The value of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CellValue {
    /// SQL NULL.
    Null,
    /// JSON null inside a JSON value.
    JsonNull,
    /// The empty text.
    Empty,
    /// The row, or the path inside a JSON value, does not exist on this side.
    Absent,
    /// The value existed and was not kept.
    Omitted,
    /// The old value was not recorded.
    Unknown,
    /// Nothing is recorded of the column in this version: it was left out, or the table did not have it.
    NotRecorded,
    /// The value was too large to be kept: its description.
    TooLarge(String),
    /// The beginning of a value, and the size of all of it in bytes.
    Shortened {
        /// The beginning.
        start: String,
        /// The size.
        bytes: u64,
    },
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

    /// Returns the cell of a value that is not compared. A text that equals the default placeholder of masked columns
    /// gets a note, because it cannot be known whether it is one.
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
            FieldValue::Shortened { start, bytes } => Self::Shortened { start, bytes },
            FieldValue::Text(text) if text.is_empty() => Self::Empty,
            FieldValue::Text(text) | FieldValue::Json(text) => Self::Text(whole(text)),
            other => Self::Text(whole(format!("{other:?}"))),
        }
    }
}

/// Returns the type of a value, for a change of the type alone.
pub(super) const fn kind(value: &FieldValue) -> Option<&'static str> {
    match value {
        FieldValue::Bool(_) => Some("boolean"),
        FieldValue::Number(_) => Some("number"),
        FieldValue::Text(_) => Some("text"),
        FieldValue::Json(_) => Some("JSON"),
        _ => None,
    }
}
