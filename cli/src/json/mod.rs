//! The answer for programs. The names are those of the stored columns, but for `metadata`; values are the texts that the
//! database keeps, so numbers keep every digit.

mod incident;
mod moment;

use serde::Serialize;
use threadline::query::{
    Change, Page, RowImage, RowKey, TimelineEntry, TransactionDetail, TransactionRecord,
};
use uuid::Uuid;

pub(crate) use self::incident::incident;
pub(crate) use self::moment::{as_of, compare};
use crate::escape::escaped_json;
use crate::failure::Failure;
use crate::output::{Report, moment};

pub(crate) const FORMAT_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a, T> {
    format_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<&'a TransactionRecord>,
    entries: Vec<T>,
    newer: Option<String>,
    older: Option<String>,
    /// How far was looked, where that was not to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<String>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: Uuid,
    transaction_id: Uuid,
    captured_at: String,
    op: &'static str,
    table_schema: &'a str,
    table_name: &'a str,
    table_pk: &'a RowKey,
    data_after: &'a Option<RowImage>,
    changed_fields: &'a Option<Vec<String>>,
    changed_from: &'a Option<RowImage>,
    old_pk: &'a Option<RowKey>,
    partition_name: &'a Option<String>,
    clock_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<&'a TransactionRecord>,
}

pub(crate) fn timeline(page: &Page<TimelineEntry>) -> Result<Report, Failure> {
    let entries = page.entries.iter().map(|e| entry(&e.change, Some(&e.transaction))).collect();
    document(page, None, entries)
}

pub(crate) fn transaction(detail: &TransactionDetail) -> Result<Report, Failure> {
    let page = &detail.changes;
    let entries = page.entries.iter().map(|change| entry(change, None)).collect();
    document(page, Some(&detail.transaction), entries)
}

pub(crate) fn transactions_by_actor(page: &Page<TransactionRecord>) -> Result<Report, Failure> {
    document(page, None, page.entries.iter().collect())
}

fn document<P, T: Serialize>(
    page: &Page<P>,
    transaction: Option<&TransactionRecord>,
    entries: Vec<T>,
) -> Result<Report, Failure> {
    let [newer, older] = [page.newer, page.older].map(|cursor| cursor.map(|cursor| cursor.to_string()));
    let stopped_at = page.truncated_at.map(moment);
    line(&Document { format_version: FORMAT_VERSION, transaction, entries, newer, older, stopped_at })
}

/// Any document on a line of its own.
pub(crate) fn line(document: &impl Serialize) -> Result<Report, Failure> {
    Ok(escaped_json(&serde_json::to_string(document)?) + "\n")
}

fn entry<'a>(change: &'a Change, transaction: Option<&'a TransactionRecord>) -> Entry<'a> {
    Entry {
        id: change.id,
        transaction_id: change.transaction_id,
        captured_at: moment(change.captured_at),
        op: change.operation.as_str(),
        table_schema: change.table.schema(),
        table_name: change.table.name(),
        table_pk: &change.key,
        data_after: &change.after,
        changed_fields: &change.changed_fields,
        changed_from: &change.before,
        old_pk: &change.old_key,
        partition_name: &change.partition,
        clock_at: change.clock_at.map(moment),
        transaction,
    }
}
