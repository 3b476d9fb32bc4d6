//! Output for people: one block per change, one line per field.
//!
//! Stored names and texts are quoted unless they are plain, so they cannot forge a line.

mod as_of;
mod incident;

use chrono::{DateTime, Utc};
use threadline::query::{
    Change, Cursor, FieldChange, FieldValue, Page, RowKey, TimelineEntry, Timestamp, TransactionDetail,
    TransactionRecord,
};
use threadline::{ActionStatus, ActorRef, TableName};

pub(crate) use self::as_of::{as_of, compare};
pub(crate) use self::incident::incident;
use crate::escape::{self, escaped, name, quoted};

/// Formats a timeline.
pub(crate) fn timeline(page: &Page<TimelineEntry>) -> String {
    entries(page, None)
}

/// Formats the history of the row with this key. A change that replaced the key names the new one.
pub(crate) fn history(page: &Page<TimelineEntry>, key: &RowKey) -> String {
    entries(page, Some(key))
}

fn entries(page: &Page<TimelineEntry>, history_of: Option<&RowKey>) -> String {
    let mut text = String::new();
    for TimelineEntry { change, transaction, .. } in &page.entries {
        let key = match history_of {
            Some(key) if change.takes_away(key) => change.old_key.as_ref().unwrap_or(&change.key),
            _ => &change.key,
        };
        let what = operation_and_row(change, key);
        text += &format!("{} {} {what}\n", time(change.captured_at), actor_and_action(transaction));
        text += &format!("  transaction {}\n", transaction.id);
        text += &remarks(change, history_of);
        text += &fields(change);
        text.push('\n');
    }
    text + &page_links(page, "changes")
}

/// Formats the transactions of an actor.
pub(crate) fn transactions_by_actor(page: &Page<TransactionRecord>) -> String {
    let mut text = String::new();
    for record in &page.entries {
        text += &format!("{} {}\n", time(record.occurred_at), actor_and_action(record));
        text += &format!("  transaction {}\n", record.id);
        text += &details(record);
        text.push('\n');
    }
    text + &page_links(page, "transactions")
}

/// Formats a transaction with its changes.
pub(crate) fn transaction(detail: &TransactionDetail) -> String {
    let mut text = header(&detail.transaction);
    for change in &detail.changes.entries {
        text += &change_block(change, &fields(change));
    }
    if detail.changes.entries.is_empty() {
        text += "No change matches.\n";
    }
    text + &page_links(&detail.changes, "changes")
}

/// Formats a change of a transaction, with its fields.
fn change_block(change: &Change, fields: &str) -> String {
    let what = operation_and_row(change, &change.key);
    format!("{} {what}\n{}{fields}\n", time(change.captured_at), remarks(change, None))
}

/// Formats the id, the time, the actor and the action of a transaction.
fn header(record: &TransactionRecord) -> String {
    let actor_and_action = actor_and_action(record);
    let (id, time) = (record.id, time(record.occurred_at));
    format!("transaction {id}\n{time} {actor_and_action}\n{}\n", details(record))
}

/// Formats the other properties of the action and the transaction, one per line.
fn details(record: &TransactionRecord) -> String {
    let mut text = String::new();
    let action = record.action.as_ref();
    let status =
        action.filter(|action| action.status != ActionStatus::Ok).map(|action| action.status.to_string());
    for (label, value) in [
        ("source", record.source.as_ref()),
        ("status", status.as_ref()),
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
    // The session is printed in place of the actor.
    let is_only_session = record.session().is_some()
        && record.metadata.as_ref().is_some_and(|json| {
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json.get())
                .is_ok_and(|json| json.len() == 1)
        });
    if let Some(metadata) = record.metadata.as_ref().filter(|_| !is_only_session) {
        text += &format!("  metadata: {}\n", escaped(metadata.get()));
    }
    text
}

/// Returns the options for the neighbouring pages of changes or transactions, and the time at which an incomplete search stopped.
pub(crate) fn page_links<T>(page: &Page<T>, things: &str) -> String {
    let truncated = page.truncated_at.map(|at| {
        format!(
            "search stopped at {}: filter by table or narrow the time range to search further\n",
            time(at)
        )
    });
    truncated.unwrap_or_default() + &cursor_lines(page.newer, page.older, things)
}

fn cursor_lines(newer: Option<Cursor>, older: Option<Cursor>, things: &str) -> String {
    let newer = newer.map(|cursor| format!("newer {things}: --newer {cursor}\n"));
    let older = older.map(|cursor| format!("older {things}: --older {cursor}\n"));
    newer.into_iter().chain(older).collect()
}

/// Formats the actor and the action. Appends the session to a missing actor.
fn actor_and_action(transaction: &TransactionRecord) -> String {
    let session = transaction.session().map(|session| format!(": {}", escaped(&session.to_string())));
    let session = session.unwrap_or_default();
    let subject =
        transaction.on_behalf_of.as_ref().map(|subject| format!(" on behalf of {}", actor(subject)));
    let actor =
        transaction.actor.as_ref().map_or_else(|| format!("(not signed by the application{session})"), actor);
    let subject = subject.unwrap_or_default();
    let action =
        transaction.action.as_ref().map_or_else(|| "(no action named)".to_owned(), |a| name(&a.name));
    format!("{actor}{subject} {action}")
}

/// Formats an actor: `user:42`.
pub(crate) fn actor(actor: &ActorRef) -> String {
    let kind = actor.kind().as_str();
    actor.id().map_or_else(|| kind.to_owned(), |id| format!("{kind}:{}", name(id)))
}

fn operation_and_row(change: &Change, key: &RowKey) -> String {
    let operation = change.operation.as_str();
    match &change.partition {
        Some(partition) => {
            format!("{operation} {} partition {}", name(&change.table.to_string()), escaped(partition))
        }
        None => format!("{operation} {}", row(&change.table, key)),
    }
}

/// Formats the special properties of a change, one per line: the row's other key, and a server clock that had been set back.
fn remarks(change: &Change, history_of: Option<&RowKey>) -> String {
    let other_key = change.old_key.as_ref().map(|old_key| match history_of {
        Some(other) if change.takes_away(other) => format!("  became {}\n", key(&change.key)),
        _ => format!("  was {} before\n", key(old_key)),
    });
    let clock = change.clock_at.map(|clock_at| {
        let (recorded, clock) = (time(change.captured_at), time(clock_at));
        format!("  recorded {recorded}; the server's clock said {clock} and had been set back\n")
    });
    other_key.into_iter().chain(clock).collect()
}

fn row(table: &TableName, row_key: &RowKey) -> String {
    format!("{} {}", escape::table(table), key(row_key))
}

/// Formats a key so that it can be passed to another command.
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

/// Formats a field with both sides. Leaves out a side on which the row did not exist.
fn field(FieldChange { name: column, before, after, .. }: &FieldChange) -> String {
    let sides = [display_value(before), Some("->".to_owned()), display_value(after)];
    let sides: Vec<_> = sides.into_iter().flatten().collect();
    format!("  {}: {}", name(column), sides.join(" "))
}

/// Formats a value; returns `None` if the row did not exist.
fn display_value(value: &FieldValue) -> Option<String> {
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

/// Formats a time with the microseconds that the database stores.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    Timestamp(at).to_iso()
}
