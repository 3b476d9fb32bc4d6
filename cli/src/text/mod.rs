//! The answer for people: one block per change, one line per field.
//!
//! Names and texts that other people wrote stand in quotes unless they are plain, so no line can be forged.

mod incident;
mod moment;

use threadline::query::{Change, Cursor, FieldChange, FieldValue, Page, TimelineEntry};
use threadline::query::{RowKey, TransactionDetail, TransactionRecord};
use threadline::{ActorRef, TableName};

pub(crate) use self::incident::incident;
pub(crate) use self::moment::{as_of, compare};
use crate::escape::{escaped, name, quoted};
use crate::output::moment;

pub(crate) fn timeline(page: &Page<TimelineEntry>) -> String {
    let mut text = String::new();
    for TimelineEntry { change, transaction } in &page.entries {
        text += &format!("{} {} {}\n", moment(change.captured_at), who_and_why(transaction), what(change));
        text += &format!("  transaction {}\n", transaction.id);
        text += &fields(change);
        text.push('\n');
    }
    text + &neighbours(page)
}

pub(crate) fn actor_history(page: &Page<TransactionRecord>) -> String {
    let mut text = String::new();
    for record in &page.entries {
        text += &format!("{} {}\n", moment(record.occurred_at), who_and_why(record));
        text += &format!("  transaction {}\n", record.id);
        text += &reasons(record);
        text.push('\n');
    }
    text + &directions(page.newer, page.older, "transactions")
}

pub(crate) fn transaction(detail: &TransactionDetail) -> String {
    let mut text = header(&detail.transaction);
    for change in &detail.changes.entries {
        text += &format!("{} {}\n{}\n", moment(change.captured_at), what(change), fields(change));
    }
    if detail.changes.entries.is_empty() {
        text += "No change matches.\n";
    }
    text + &neighbours(&detail.changes)
}

/// Who, when and why.
fn header(record: &TransactionRecord) -> String {
    let when_and_who = format!("{} {}", moment(record.occurred_at), who_and_why(record));
    format!("transaction {}\n{when_and_who}\n{}\n", record.id, reasons(record))
}

/// What else is known of the action and the transaction, a line for each.
fn reasons(record: &TransactionRecord) -> String {
    let mut text = String::new();
    let action = record.action.as_ref();
    for (label, value) in [
        ("status", action.map(|action| &action.status).filter(|status| *status != "ok")),
        ("verb", action.and_then(|action| action.verb.as_ref())),
        ("category", action.and_then(|action| action.category.as_ref())),
        ("reason", action.and_then(|action| action.reason.as_ref())),
        ("comment", action.and_then(|action| action.comment.as_ref())),
        ("correlation id", action.and_then(|action| action.correlation_id.as_ref())),
        ("request id", action.and_then(|action| action.request_id.as_ref())),
        ("job id", action.and_then(|action| action.job_id.as_ref())),
    ] {
        if let Some(value) = value {
            text += &format!("  {label}: {}\n", quoted(value));
        }
    }
    if let Some(metadata) = &record.metadata {
        text += &format!("  metadata: {}\n", escaped(&metadata.to_string()));
    }
    text
}

/// How to go on from this page, and how far it looked if that was not to the end.
pub(crate) fn neighbours<T>(page: &Page<T>) -> String {
    let stopped = page.stopped_at.map(|at| {
        format!("looked as far as {}: a table or a shorter time is looked through faster\n", moment(at))
    });
    stopped.unwrap_or_default() + &directions(page.newer, page.older, "changes")
}

fn directions(newer: Option<Cursor>, older: Option<Cursor>, things: &str) -> String {
    let newer = newer.map(|cursor| format!("newer {things}: --newer {cursor}\n"));
    let older = older.map(|cursor| format!("older {things}: --older {cursor}\n"));
    newer.into_iter().chain(older).collect()
}

fn who_and_why(transaction: &TransactionRecord) -> String {
    let subject =
        transaction.on_behalf_of.as_ref().map(|subject| format!(" on behalf of {}", actor(subject)));
    let actor = transaction.actor.as_ref().map_or_else(|| "(no actor)".to_owned(), actor);
    let subject = subject.unwrap_or_default();
    let action = transaction.action.as_ref().map_or_else(|| "(no action)".to_owned(), |a| name(&a.name));
    format!("{actor}{subject} {action}")
}

fn actor(actor: &ActorRef) -> String {
    let kind = actor.kind().as_str();
    actor.id().map_or_else(|| kind.to_owned(), |id| format!("{kind}:{}", name(id)))
}

fn what(change: &Change) -> String {
    format!("{} {}", change.operation.as_str(), row(&change.table, &change.key))
}

fn row(table: &TableName, row_key: &RowKey) -> String {
    format!("{} {}", name(&table.to_string()), key(row_key))
}

fn key(key: &RowKey) -> String {
    if key.is_empty() {
        return "(no key)".to_owned();
    }
    let value = |value: &Option<String>| value.as_deref().map_or_else(|| "NULL".to_owned(), name);
    let columns: Vec<_> =
        key.iter().map(|(column, text)| format!("{}={}", name(column), value(text))).collect();
    columns.join(",")
}

fn fields(change: &Change) -> String {
    change.fields().iter().map(|change| field(change) + "\n").collect()
}

/// A side on which the row did not exist is left out.
fn field(FieldChange { name: column, before, after, .. }: &FieldChange) -> String {
    let sides = [shown(before), Some("->".to_owned()), shown(after)];
    let sides: Vec<_> = sides.into_iter().flatten().collect();
    format!("  {}: {}", name(column), sides.join(" "))
}

fn shown(value: &FieldValue) -> Option<String> {
    let word = |word: &str| Some(word.to_owned());
    match value {
        FieldValue::Absent => None,
        FieldValue::Omitted => word("not kept"),
        FieldValue::Null => word("NULL"),
        FieldValue::Bool(value) => Some(value.to_string()),
        FieldValue::Text(text) if text.is_empty() => word("empty text"),
        FieldValue::Text(text) => Some(quoted(text)),
        FieldValue::Number(text) | FieldValue::Json(text) => Some(escaped(text)),
        other => Some(escaped(&format!("{other:?}"))),
    }
}
