//! The table of the filter's keys, from which parsing, formatting, error texts, forms and guides are made.

use super::{ActorFilter, Filter, Selection, ValueFilter};
use crate::query::model::operation::Operation;
use crate::query::model::text::{MAX_COLUMN_BYTES, bounded};
use crate::query::model::timestamp::Timestamp;
use crate::{Action, AuditContext, InvalidParameter, TableName};

/// A key of the filter.
#[derive(Debug)]
#[non_exhaustive]
pub struct FilterKey {
    /// The name in URLs, JSON, TOML, and as an option of the command line.
    pub name: &'static str,
    /// A description of the values that are accepted.
    pub expected: &'static str,
    /// A description of the changes that are selected.
    pub meaning: &'static str,
    /// True if the key accepts several values with commas between them, and excludes a value that begins with `-`; see [`Selection`].
    pub is_list: bool,
    pub(super) read: fn(&mut Filter, &str) -> Result<(), InvalidParameter>,
    pub(super) write: fn(&Filter) -> Option<String>,
}

impl FilterKey {
    /// Reads the value of this key. White space at its ends is left out, unless a list marks it as a part of a value.
    pub(super) fn read_into(&self, filter: &mut Filter, text: &str) -> Result<(), InvalidParameter> {
        (self.read)(filter, if self.is_list { text } else { text.trim() })
    }
}

const ID: &str = "an id of 1 to 256 bytes without control characters";
const FIELD: &str = "the name of a column, of 1 to 63 bytes";
const ACTION: &str = "the name of an action such as ticket.escalated, of 1 to 200 bytes";

/// Every key of the filter, in the order in which it is written.
pub static FILTER_KEYS: [FilterKey; 12] = [
    FilterKey {
        name: "table",
        expected: TableName::EXPECTED,
        meaning: "changes of this table",
        is_list: true,
        read: |filter, text| text.parse().map(|tables| filter.table = Some(tables)),
        write: |filter| filter.table.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: "key",
        expected: "the key of a record such as id=42, or order=7&line=2, and its one table beside it",
        meaning: "changes of the record with this key",
        is_list: false,
        read: |filter, text| text.parse().map(|key| filter.key = Some(key)),
        write: |filter| filter.key.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: "operation",
        expected: Operation::EXPECTED,
        meaning: "changes of this kind",
        is_list: true,
        read: |filter, text| text.parse().map(|operations| filter.operation = Some(operations)),
        write: |filter| filter.operation.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: "field",
        expected: FIELD,
        meaning: "updates that changed this field",
        is_list: true,
        read: |filter, text| read_texts(&mut filter.field, text, MAX_COLUMN_BYTES, FIELD),
        write: |filter| filter.field.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: ValueFilter::KEY,
        expected: ValueFilter::EXPECTED,
        meaning: "changes with this text in a value, of the field if there is one beside it",
        is_list: false,
        read: |filter, text| text.parse().map(|value| filter.value = Some(value)),
        write: |filter| filter.value.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: "actor",
        expected: ActorFilter::EXPECTED,
        meaning: "changes by this actor, or by actors of this type; none for changes without a recorded actor",
        is_list: true,
        read: |filter, text| read_actors(text).map(|actors| filter.actor = Some(actors)),
        write: |filter| filter.actor.as_ref().map(write_actors),
    },
    FilterKey {
        name: "on_behalf_of",
        expected: ActorFilter::EXPECTED,
        meaning: "changes that somebody else made on behalf of this actor, such as jobs",
        is_list: true,
        read: |filter, text| text.parse().map(|actors| filter.on_behalf_of = Some(actors)),
        write: |filter| filter.on_behalf_of.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: "action",
        expected: ACTION,
        meaning: "changes under an action of this name",
        is_list: true,
        read: |filter, text| read_texts(&mut filter.action, text, Action::MAX_NAME_BYTES, ACTION),
        write: |filter| filter.action.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: "correlation_id",
        expected: ID,
        meaning: "changes under an action with this correlation id",
        is_list: false,
        read: |filter, text| read_text(&mut filter.correlation_id, text, AuditContext::MAX_ID_BYTES, ID),
        write: |filter| filter.correlation_id.clone(),
    },
    FilterKey {
        name: "request_id",
        expected: ID,
        meaning: "changes under an action with this request id",
        is_list: false,
        read: |filter, text| read_text(&mut filter.request_id, text, AuditContext::MAX_ID_BYTES, ID),
        write: |filter| filter.request_id.clone(),
    },
    FilterKey {
        name: "from",
        expected: Timestamp::EXPECTED,
        meaning: "changes captured at this moment or later",
        is_list: false,
        read: |filter, text| text.parse().map(|Timestamp(from)| filter.from = Some(from)),
        write: |filter| filter.from.map(|from| Timestamp(from).to_string()),
    },
    FilterKey {
        name: "to",
        expected: Timestamp::EXPECTED,
        meaning: "changes captured at this moment or earlier",
        is_list: false,
        read: |filter, text| text.parse().map(|Timestamp(to)| filter.to = Some(to)),
        write: |filter| filter.to.map(|to| Timestamp(to).to_string()),
    },
];

/// Reads actors, or the word for changes without one.
fn read_actors(text: &str) -> Result<Selection<ActorFilter>, InvalidParameter> {
    if text.trim() == Selection::UNSIGNED { Ok(Selection::unsigned()) } else { text.parse() }
}

fn write_actors(actors: &Selection<ActorFilter>) -> String {
    if *actors == Selection::unsigned() { Selection::UNSIGNED.to_owned() } else { actors.to_string() }
}

fn read_texts(
    values: &mut Option<Selection<String>>,
    text: &str,
    max_bytes: usize,
    expected: &'static str,
) -> Result<(), InvalidParameter> {
    let read =
        |text: &str| bounded(text, max_bytes).ok_or_else(|| InvalidParameter::new("text", text, expected));
    *values = Some(Selection::read(text, read)?);
    Ok(())
}

fn read_text(
    value: &mut Option<String>,
    text: &str,
    max_bytes: usize,
    expected: &'static str,
) -> Result<(), InvalidParameter> {
    let bounded = bounded(text, max_bytes).ok_or_else(|| InvalidParameter::new("text", text, expected))?;
    *value = Some(bounded);
    Ok(())
}
