//! A row at one moment, and at two.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use threadline::query::{AsOf, Comparison, PossibleRemoval, RowImage, RowKey, TimelineEntry};
use uuid::Uuid;

use super::{Entry, FORMAT_VERSION, entry, line};
use crate::failure::Failure;
use crate::moment::Row;
use crate::output::{Report, moment};

#[derive(Serialize)]
struct Document<'a, T> {
    format_version: u32,
    table_schema: &'a str,
    table_name: &'a str,
    table_pk: &'a BTreeMap<String, String>,
    #[serde(flatten)]
    answer: T,
}

/// What the trail knows of the row at a moment.
#[derive(Serialize)]
struct Moment<'a> {
    at: String,
    state: &'static str,
    row: Option<&'a RowImage>,
    /// The last change until then.
    change: Option<Entry<'a>>,
    /// The key that the row was given, where it was given another.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to: Option<&'a RowKey>,
    /// What may have removed the row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    possible_removals: Vec<Removal>,
}

/// What may have removed a row, in words, and where to look.
#[derive(Serialize)]
struct Removal {
    cause: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table_name_now: Option<String>,
}

#[derive(Serialize)]
struct Difference<'a> {
    before: Moment<'a>,
    after: Moment<'a>,
    fields: Vec<Field<'a>>,
}

/// A side on which there is no value is left out.
#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a RawValue>,
}

pub(crate) fn as_of(row: &Row, at: DateTime<Utc>, found: &AsOf) -> Result<Report, Failure> {
    document(row, state(at, found))
}

pub(crate) fn compare(
    row: &Row,
    [one, other]: [DateTime<Utc>; 2],
    compared: &Comparison,
) -> Result<Report, Failure> {
    let Comparison { before, after, fields } = compared;
    let field = |name| Field { name, before: value(before, name), after: value(after, name) };
    let fields = fields.iter().map(|difference| field(difference.name.as_str())).collect();
    document(row, Difference { before: state(one, before), after: state(other, after), fields })
}

fn document<T: Serialize>(row: &Row, answer: T) -> Result<Report, Failure> {
    line(&Document {
        format_version: FORMAT_VERSION,
        table_schema: row.table.schema(),
        table_name: row.table.name(),
        table_pk: &row.key,
        answer,
    })
}

fn state(at: DateTime<Utc>, found: &AsOf) -> Moment<'_> {
    let state = match found {
        AsOf::Present(_) => "snapshot",
        AsOf::Uncertain { .. } => "uncertain",
        AsOf::Deleted(_) => "deleted",
        AsOf::Moved(_) => "moved",
        AsOf::BeforeHorizon => "before_horizon",
    };
    let change = found.entry().map(|TimelineEntry { change, transaction }| entry(change, Some(transaction)));
    let moved_to = match found {
        AsOf::Moved(entry) => Some(&entry.change.key),
        _ => None,
    };
    let possible_removals = match found {
        AsOf::Uncertain { causes, .. } => causes.iter().map(removal).collect(),
        _ => Vec::new(),
    };
    Moment { at: moment(at), state, row: found.row(), change, moved_to, possible_removals }
}

fn removal(cause: &PossibleRemoval) -> Removal {
    let (transaction_id, table_name_now) = match cause {
        PossibleRemoval::PartitionTruncated { transaction_id, .. } => (Some(*transaction_id), None),
        PossibleRemoval::TableRenamed { to, .. } => (None, Some(to.to_string())),
        _ => (None, None),
    };
    Removal { cause: cause.to_string(), transaction_id, table_name_now }
}

fn value<'a>(found: &'a AsOf, name: &str) -> Option<&'a RawValue> {
    found.row()?.get(name).map(AsRef::as_ref)
}
