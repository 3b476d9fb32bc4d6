//! The answer for programs. The names are those of the stored columns; values are the texts that the database keeps, so
//! numbers keep every digit.

mod incident;
mod moment;

use serde::Serialize;
use serde_json::Value;
use threadline::ActorRef;
use threadline::query::{ActionRecord, Change, Page, RowImage, RowKey, TimelineEntry};
use threadline::query::{TransactionDetail, TransactionRecord};
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
    transaction: Option<Transaction<'a>>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<Transaction<'a>>,
}

#[derive(Serialize)]
struct Transaction<'a> {
    id: Uuid,
    occurred_at: String,
    actor_ref: Option<&'a ActorRef>,
    on_behalf_of: Option<&'a ActorRef>,
    action: Option<Action<'a>>,
    meta: Option<&'a Value>,
}

#[derive(Serialize)]
struct Action<'a> {
    id: Uuid,
    name: &'a str,
    status: &'a str,
    verb: Option<&'a str>,
    category: Option<&'a str>,
    reason: Option<&'a str>,
    comment: Option<&'a str>,
    correlation_id: Option<&'a str>,
    request_id: Option<&'a str>,
    job_id: Option<&'a str>,
}

pub(crate) fn timeline(page: &Page<TimelineEntry>) -> Result<Report, Failure> {
    let entries =
        page.entries.iter().map(|e| entry(&e.change, Some(transaction_of(&e.transaction)))).collect();
    document(page, None, entries)
}

pub(crate) fn transaction(detail: &TransactionDetail) -> Result<Report, Failure> {
    let page = &detail.changes;
    let entries = page.entries.iter().map(|change| entry(change, None)).collect();
    document(page, Some(transaction_of(&detail.transaction)), entries)
}

pub(crate) fn actor_history(page: &Page<TransactionRecord>) -> Result<Report, Failure> {
    document(page, None, page.entries.iter().map(transaction_of).collect())
}

fn document<P, T: Serialize>(
    page: &Page<P>,
    transaction: Option<Transaction<'_>>,
    entries: Vec<T>,
) -> Result<Report, Failure> {
    let [newer, older] = [page.newer, page.older].map(|cursor| cursor.map(|cursor| cursor.to_string()));
    let stopped_at = page.stopped_at.map(moment);
    line(&Document { format_version: FORMAT_VERSION, transaction, entries, newer, older, stopped_at })
}

/// Any document on a line of its own.
pub(crate) fn line(document: &impl Serialize) -> Result<Report, Failure> {
    Ok(escaped_json(&serde_json::to_string(document)?) + "\n")
}

fn entry<'a>(change: &'a Change, transaction: Option<Transaction<'a>>) -> Entry<'a> {
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
        transaction,
    }
}

fn transaction_of(record: &TransactionRecord) -> Transaction<'_> {
    Transaction {
        id: record.id,
        occurred_at: moment(record.occurred_at),
        actor_ref: record.actor.as_ref(),
        on_behalf_of: record.on_behalf_of.as_ref(),
        action: record.action.as_ref().map(action_of),
        meta: record.metadata.as_ref(),
    }
}

fn action_of(action: &ActionRecord) -> Action<'_> {
    Action {
        id: action.id,
        name: &action.name,
        status: &action.status,
        verb: action.verb.as_deref(),
        category: action.category.as_deref(),
        reason: action.reason.as_deref(),
        comment: action.comment.as_deref(),
        correlation_id: action.correlation_id.as_deref(),
        request_id: action.request_id.as_deref(),
        job_id: action.job_id.as_deref(),
    }
}
