//! Formats a row as of one time, and the difference between two times.

use chrono::{DateTime, Utc};
use threadline::query::{AsOf, Change, Comparison, FieldChange, Operation, TimelineEntry};

use super::{actor_and_action, display_value, field, key, remarks, row, time};
use crate::args::RowRef;
use crate::escape::{escaped, name};

pub(crate) fn as_of(row: &RowRef, at: DateTime<Utc>, found: &AsOf) -> String {
    let mut text = format!("{} {}", time(at), state(row, found));
    if let AsOf::Present(entry) | AsOf::Uncertain { entry, .. } = found {
        text += &columns(&entry.change);
    }
    text
}

pub(crate) fn compare(row: &RowRef, [one, other]: [DateTime<Utc>; 2], compared: &Comparison) -> String {
    let mut text = format!("{} {}", time(one), state(row, &compared.before));
    text += &format!("{} {}\n", time(other), state(row, &compared.after));
    for change in &compared.fields {
        text += &format!("{}\n", field(change));
    }
    if compared.fields.is_empty() {
        text += "Nothing differs.\n";
    }
    text
}

/// Formats the state of the row, with the last change before the time.
fn state(row: &RowRef, found: &AsOf) -> String {
    let name = self::row(&row.table, &row.key);
    let describe = |entry: &TimelineEntry, state: &str| {
        let TimelineEntry { change, transaction, .. } = entry;
        let (at, actor_and_action) = (time(change.captured_at), actor_and_action(transaction));
        let remarks = remarks(change, Some(&row.key));
        let id = transaction.id;
        format!("{name} {state}\n  last change {at} {actor_and_action}\n  transaction {id}\n{remarks}")
    };
    match found {
        AsOf::Present(entry) => describe(entry, "existed."),
        AsOf::Uncertain { entry, causes } => {
            let lines = causes
                .iter()
                .map(|cause| format!("\n  may have been removed: {}", escaped(&cause.to_string())));
            describe(entry, &format!("existed, and may have been removed.{}", lines.collect::<String>()))
        }
        AsOf::Deleted(entry) if entry.change.operation == Operation::Truncate => {
            describe(entry, "did not exist: removed by TRUNCATE of the table.")
        }
        AsOf::Deleted(entry) => describe(entry, "did not exist: it had been deleted."),
        AsOf::Moved(entry) => describe(
            entry,
            &format!(
                "did not exist: no record had this key any more, because it became {}.",
                key(&entry.change.key)
            ),
        ),
        AsOf::BeforeHorizon => {
            format!("{name} is not known: no record had this key yet, or it was not captured yet.\n")
        }
    }
}

/// Formats every column of the row after the change.
fn columns(change: &Change) -> String {
    let mut whole = change.clone();
    whole.operation = Operation::Insert;
    let column =
        |field: &FieldChange| Some(format!("  {}: {}\n", name(&field.name), display_value(&field.after)?));
    whole.fields().iter().filter_map(column).collect()
}
