//! A row at one moment, and at two.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use threadline::query::{AsOf, Comparison, RowImage, TimelineEntry};

use super::{Entry, FORMAT_VERSION, entry, line, transaction_of};
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
    let (state, last) = match found {
        AsOf::Snapshot(entry) => ("snapshot", Some(entry)),
        AsOf::Deleted(entry) => ("deleted", Some(entry)),
        AsOf::BeforeHorizon => ("before_horizon", None),
    };
    let change =
        last.map(|TimelineEntry { change, transaction }| entry(change, Some(transaction_of(transaction))));
    Moment { at: moment(at), state, row: found.row(), change }
}

fn value<'a>(found: &'a AsOf, name: &str) -> Option<&'a RawValue> {
    found.row()?.get(name).map(AsRef::as_ref)
}
