//! Documents for programs. Records are serialised by the library, in the same form as in downloads; this module adds the frame.

use chrono::{DateTime, Utc};
use serde::Serialize;
use threadline::query::{
    AsOf, Comparison, FieldChange, Filter, FoundActor, FoundRecord, Page, RowKey, TimelineEntry, Timestamp,
    TransactionDetail, TransactionRecord, TransactionWithOldValues, UnsearchedColumns,
};

use crate::args::RowRef;
use crate::commands::search;
use crate::error::Error;
use crate::escape::escaped_json;
use crate::output::Report;

pub(crate) const FORMAT_VERSION: u32 = 1;

/// Returns a document on a line of its own.
pub(crate) fn line(document: &impl Serialize) -> Result<Report, Error> {
    Ok(escaped_json(&serde_json::to_string(document)?) + "\n")
}

#[derive(Serialize)]
struct Document<'a, T> {
    format_version: u32,
    #[serde(flatten)]
    records: &'a T,
}

fn document<T: Serialize>(records: &T) -> Result<Report, Error> {
    line(&Document { format_version: FORMAT_VERSION, records })
}

/// A page of changes, the reasons why it is empty, and the columns whose values were not searched, if there is a value to find.
#[derive(Serialize)]
struct TimelineDocument<'a> {
    #[serde(flatten)]
    page: &'a Page<TimelineEntry>,
    /// The lines that the text of the command has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    explanation: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_searched: Option<&'a [UnsearchedColumns]>,
}

pub(crate) fn timeline(
    page: &Page<TimelineEntry>,
    explanation: &str,
    not_searched: Option<&[UnsearchedColumns]>,
) -> Result<Report, Error> {
    document(&TimelineDocument { page, explanation: explanation.lines().collect(), not_searched })
}

/// The things that a text names, and the newest changes with the text in a value.
#[derive(Serialize)]
struct SearchDocument<'a> {
    records: Vec<RecordDocument<'a>>,
    /// The number of captured tables whose records were not searched.
    tables_not_searched: usize,
    actors: Vec<ActorDocument>,
    /// The filters for a correlation id and a request id.
    requests: &'a [Filter],
    transaction: Option<String>,
    /// Missing if the text names one thing exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<&'a [TimelineEntry]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_searched: Option<&'a [UnsearchedColumns]>,
}

#[derive(Serialize)]
struct RecordDocument<'a> {
    table_schema: &'a str,
    table_name: &'a str,
    table_pk: &'a RowKey,
    /// `key` or `label`.
    found_by: &'static str,
    /// The time of its newest change, or of the newest one with the label.
    captured_at: Timestamp,
}

#[derive(Serialize)]
struct ActorDocument {
    actor: String,
    is_exact: bool,
}

pub(crate) fn search(found: &search::Found) -> Result<Report, Error> {
    let search::Found { result, labelled, values, unsearched } = found;
    let by_key = result.records.iter().map(|record| record_document(record, "key"));
    let by_label = labelled.iter().map(|record| record_document(record, "label"));
    let actor =
        |found: &FoundActor| ActorDocument { actor: found.actor.to_string(), is_exact: found.is_exact };
    let page = values.as_ref().map(|(_, page)| page);
    document(&SearchDocument {
        records: by_key.chain(by_label).collect(),
        tables_not_searched: result.tables_left_out,
        actors: result.actors.iter().map(actor).collect(),
        requests: &result.requests,
        transaction: result.transaction.map(|id| id.to_string()),
        changes: page.map(|page| page.entries.as_slice()),
        truncated_at: page.and_then(|page| page.truncated_at).map(Timestamp),
        not_searched: unsearched.as_deref(),
    })
}

fn record_document<'a>(
    FoundRecord { table, key, entry, .. }: &'a FoundRecord,
    found_by: &'static str,
) -> RecordDocument<'a> {
    let (table_schema, table_name) = (table.schema(), table.name());
    let captured_at = Timestamp(entry.change.captured_at);
    RecordDocument { table_schema, table_name, table_pk: key, found_by, captured_at }
}

pub(crate) fn transaction(detail: &TransactionDetail) -> Result<Report, Error> {
    document(detail)
}

pub(crate) fn transactions_by_actor(page: &Page<TransactionRecord>) -> Result<Report, Error> {
    document(page)
}

pub(crate) fn incident(transaction: &TransactionWithOldValues) -> Result<Report, Error> {
    document(transaction)
}

/// A row, with the result for it.
#[derive(Serialize)]
struct RowDocument<'a, T> {
    table_schema: &'a str,
    table_name: &'a str,
    table_pk: &'a RowKey,
    #[serde(flatten)]
    result: T,
}

/// The state of a row as of a time.
#[derive(Serialize)]
struct State<'a> {
    at: Timestamp,
    #[serde(flatten)]
    found: &'a AsOf,
}

#[derive(Serialize)]
struct Difference<'a> {
    before: State<'a>,
    after: State<'a>,
    fields: &'a [FieldChange],
}

pub(crate) fn as_of(row: &RowRef, at: DateTime<Utc>, found: &AsOf) -> Result<Report, Error> {
    row_document(row, State { at: Timestamp(at), found })
}

pub(crate) fn compare(
    row: &RowRef,
    [one, other]: [DateTime<Utc>; 2],
    compared: &Comparison,
) -> Result<Report, Error> {
    let before = State { at: Timestamp(one), found: &compared.before };
    let after = State { at: Timestamp(other), found: &compared.after };
    row_document(row, Difference { before, after, fields: &compared.fields })
}

fn row_document<T: Serialize>(row: &RowRef, result: T) -> Result<Report, Error> {
    let (table_schema, table_name) = (row.table.schema(), row.table.name());
    document(&RowDocument { table_schema, table_name, table_pk: &row.key, result })
}
