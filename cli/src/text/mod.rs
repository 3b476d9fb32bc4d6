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
use crate::escape::{self, escaped, name, quoted};
use crate::output::moment;

pub(crate) fn timeline(page: &Page<TimelineEntry>) -> String {
    entries(page, None)
}

/// What happened to one row. A change that took its key away says which key the row has since.
pub(crate) fn history(page: &Page<TimelineEntry>, of: &RowKey) -> String {
    entries(page, Some(of))
}

fn entries(page: &Page<TimelineEntry>, of: Option<&RowKey>) -> String {
    let mut text = String::new();
    for TimelineEntry { change, transaction, .. } in &page.entries {
        let key = match of {
            Some(of) if change.takes_away(of) => change.old_key.as_ref().unwrap_or(&change.key),
            _ => &change.key,
        };
        let what = what(change, key);
        text += &format!("{} {} {what}\n", moment(change.captured_at), who_and_why(transaction));
        text += &format!("  transaction {}\n", transaction.id);
        text += &remarks(change, of);
        text += &fields(change);
        text.push('\n');
    }
    text + &neighbours(page)
}

pub(crate) fn transactions_by_actor(page: &Page<TransactionRecord>) -> String {
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
        text += &one(change, &fields(change));
    }
    if detail.changes.entries.is_empty() {
        text += "No change matches.\n";
    }
    text + &neighbours(&detail.changes)
}

/// A change of a transaction, with its fields.
fn one(change: &Change, fields: &str) -> String {
    let what = what(change, &change.key);
    format!("{} {what}\n{}{fields}\n", moment(change.captured_at), remarks(change, None))
}

/// Who, when and why; without an actor, which session wrote.
fn header(record: &TransactionRecord) -> String {
    let session = record.session().map(|session| format!("; session: {}", escaped(&session.to_string())));
    let when_and_who =
        format!("{} {}", moment(record.occurred_at), words(record, &session.unwrap_or_default()));
    format!("transaction {}\n{when_and_who}\n{}\n", record.id, reasons(record))
}

/// What else is known of the action and the transaction, a line for each.
fn reasons(record: &TransactionRecord) -> String {
    let mut text = String::new();
    let action = record.action.as_ref();
    for (label, value) in [
        ("source", record.source.as_ref()),
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
    // The session stands where the actor is missing.
    let is_told = record.session().is_some()
        && record.metadata.as_ref().is_some_and(|json| {
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json.get())
                .is_ok_and(|json| json.len() == 1)
        });
    if let Some(metadata) = record.metadata.as_ref().filter(|_| !is_told) {
        text += &format!("  metadata: {}\n", escaped(metadata.get()));
    }
    text
}

/// How to go on from this page, and how far it looked if that was not to the end.
pub(crate) fn neighbours<T>(page: &Page<T>) -> String {
    let stopped = page.truncated_at.map(|at| {
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
    let session = transaction.session().map(|session| format!("; role {}", name(&session.role)));
    words(transaction, &session.unwrap_or_default())
}

fn words(transaction: &TransactionRecord, session: &str) -> String {
    let subject =
        transaction.on_behalf_of.as_ref().map(|subject| format!(" on behalf of {}", actor(subject)));
    let actor = transaction.actor.as_ref().map_or_else(|| format!("(no actor{session})"), actor);
    let subject = subject.unwrap_or_default();
    let action = transaction.action.as_ref().map_or_else(|| "(no action)".to_owned(), |a| name(&a.name));
    format!("{actor}{subject} {action}")
}

fn actor(actor: &ActorRef) -> String {
    let kind = actor.kind().as_str();
    actor.id().map_or_else(|| kind.to_owned(), |id| format!("{kind}:{}", name(id)))
}

fn what(change: &Change, key: &RowKey) -> String {
    let operation = change.operation.as_str();
    match &change.partition {
        Some(partition) => {
            format!("{operation} {} partition {}", name(&change.table.to_string()), escaped(partition))
        }
        None => format!("{operation} {}", row(&change.table, key)),
    }
}

/// What else there is to say of a change, a line for each: the row's other key, and a clock that had been set back.
fn remarks(change: &Change, of: Option<&RowKey>) -> String {
    let other_key = change.old_key.as_ref().map(|old_key| match of {
        Some(of) if change.takes_away(of) => format!("  became {}\n", key(&change.key)),
        _ => format!("  was {} before\n", key(old_key)),
    });
    let clock = change.clock_at.map(|clock_at| {
        let (recorded, clock) = (moment(change.captured_at), moment(clock_at));
        format!("  recorded {recorded}; the server's clock said {clock} and had been set back\n")
    });
    other_key.into_iter().chain(clock).collect()
}

fn row(table: &TableName, row_key: &RowKey) -> String {
    format!("{} {}", escape::table(table), key(row_key))
}

pub(crate) fn key(key: &RowKey) -> String {
    if key.is_empty() {
        return "(no key)".to_owned();
    }
    let value = |value: Option<&str>| value.map_or_else(|| "NULL".to_owned(), name);
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
        FieldValue::TooLarge(large) => Some(large.to_string()),
        FieldValue::Number(text) | FieldValue::Json(text) => Some(escaped(text)),
        other => Some(escaped(&format!("{other:?}"))),
    }
}
