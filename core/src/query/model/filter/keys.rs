//! The table of the filter's keys, from which parsing, formatting, error texts, forms and guides are made.

use super::{ActorFilter, Filter, ValueFilter};
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
    pub(super) read: fn(&mut Filter, &str) -> Result<(), InvalidParameter>,
    pub(super) write: fn(&Filter) -> Option<String>,
}

const ID: &str = "an id of 1 to 256 bytes without control characters";
const FIELD: &str = "the name of a column, of 1 to 63 bytes";
const ACTION: &str = "the name of an action such as ticket.escalated, of 1 to 200 bytes";

/// Every key of the filter, in the order in which it is written.
pub static FILTER_KEYS: [FilterKey; 11] = [
    FilterKey {
        name: "table",
        expected: TableName::EXPECTED,
        meaning: "changes of this table",
        read: |filter, text| text.parse().map(|table| filter.table = Some(table)),
        write: |filter| filter.table.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: "key",
        expected: "the key of a row such as id=42, or order=7&line=2, and the table beside it",
        meaning: "changes of the row with this key",
        read: |filter, text| text.parse().map(|key| filter.key = Some(key)),
        write: |filter| filter.key.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: "operation",
        expected: Operation::EXPECTED,
        meaning: "changes of this kind",
        read: |filter, text| text.parse().map(|operation| filter.operation = Some(operation)),
        write: |filter| filter.operation.map(|operation| operation.to_string()),
    },
    FilterKey {
        name: "field",
        expected: FIELD,
        meaning: "updates that changed this field",
        read: |filter, text| read_text(&mut filter.field, text, MAX_COLUMN_BYTES, FIELD),
        write: |filter| filter.field.clone(),
    },
    FilterKey {
        name: ValueFilter::KEY,
        expected: ValueFilter::EXPECTED,
        meaning: "changes with this text in a value, of the field if there is one beside it",
        read: |filter, text| text.parse().map(|value| filter.value = Some(value)),
        write: |filter| filter.value.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: "actor",
        expected: ActorFilter::EXPECTED,
        meaning: "changes by this actor, or by actors of this type",
        read: |filter, text| text.parse().map(|actor| filter.actor = Some(actor)),
        write: |filter| filter.actor.as_ref().map(ToString::to_string),
    },
    FilterKey {
        name: "action",
        expected: ACTION,
        meaning: "changes under an action of this name",
        read: |filter, text| read_text(&mut filter.action, text, Action::MAX_NAME_BYTES, ACTION),
        write: |filter| filter.action.clone(),
    },
    FilterKey {
        name: "correlation_id",
        expected: ID,
        meaning: "changes under an action with this correlation id",
        read: |filter, text| read_text(&mut filter.correlation_id, text, AuditContext::MAX_ID_BYTES, ID),
        write: |filter| filter.correlation_id.clone(),
    },
    FilterKey {
        name: "request_id",
        expected: ID,
        meaning: "changes under an action with this request id",
        read: |filter, text| read_text(&mut filter.request_id, text, AuditContext::MAX_ID_BYTES, ID),
        write: |filter| filter.request_id.clone(),
    },
    FilterKey {
        name: "from",
        expected: Timestamp::EXPECTED,
        meaning: "changes captured at this moment or later",
        read: |filter, text| text.parse().map(|Timestamp(from)| filter.from = Some(from)),
        write: |filter| filter.from.map(|from| Timestamp(from).to_string()),
    },
    FilterKey {
        name: "to",
        expected: Timestamp::EXPECTED,
        meaning: "changes captured at this moment or earlier",
        read: |filter, text| text.parse().map(|Timestamp(to)| filter.to = Some(to)),
        write: |filter| filter.to.map(|to| Timestamp(to).to_string()),
    },
];

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
