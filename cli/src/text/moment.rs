//! A row at one moment, and at two.

use chrono::{DateTime, Utc};
use threadline::query::{AsOf, Change, Comparison, Operation, TimelineEntry};

use super::{field, key, remarks, row, shown, who_and_why};
use crate::escape::{escaped, name};
use crate::moment::Row;
use crate::output::moment;

pub(crate) fn as_of(asked: &Row, at: DateTime<Utc>, found: &AsOf) -> String {
    let mut text = format!("{} {}", moment(at), state(asked, found));
    if let AsOf::Present(entry) | AsOf::Uncertain { entry, .. } = found {
        text += &columns(&entry.change);
    }
    text
}

pub(crate) fn compare(asked: &Row, [one, other]: [DateTime<Utc>; 2], compared: &Comparison) -> String {
    let mut text = format!("{} {}", moment(one), state(asked, &compared.before));
    text += &format!("{} {}\n", moment(other), state(asked, &compared.after));
    for difference in &compared.fields {
        text += &format!("{}\n", field(difference));
    }
    if compared.fields.is_empty() {
        text += "Nothing differs.\n";
    }
    text
}

/// What the trail knows of the row, and by which change.
fn state(asked: &Row, found: &AsOf) -> String {
    let row = row(&asked.table, &asked.key);
    let by = |entry: &TimelineEntry, what: &str| {
        let TimelineEntry { change, transaction, .. } = entry;
        let when_and_who = format!("{} {}", moment(change.captured_at), who_and_why(transaction));
        let remarks = remarks(change, Some(&asked.key));
        format!("{row} {what}\n  last change {when_and_who}\n  transaction {}\n{remarks}", transaction.id)
    };
    match found {
        AsOf::Present(entry) => by(entry, "existed."),
        AsOf::Uncertain { entry, causes } => {
            let lines = causes
                .iter()
                .map(|cause| format!("\n  may have been removed: {}", escaped(&cause.to_string())));
            by(entry, &format!("existed, and may have been removed.{}", lines.collect::<String>()))
        }
        AsOf::Deleted(entry) if entry.change.operation == Operation::Truncate => {
            by(entry, "did not exist: removed by TRUNCATE of the table.")
        }
        AsOf::Deleted(entry) => by(entry, "did not exist: it had been deleted."),
        AsOf::Moved(entry) => by(
            entry,
            &format!(
                "did not exist: no row had this key any more, because it became {}.",
                key(&entry.change.key)
            ),
        ),
        AsOf::BeforeHorizon => {
            format!("{row} is not known: no row had this key yet, or it was not captured yet.\n")
        }
    }
}

/// Every column of the row after the change, as those of a new row.
fn columns(change: &Change) -> String {
    let mut whole = change.clone();
    whole.operation = Operation::Insert;
    let column = |field: &threadline::query::FieldChange| {
        Some(format!("  {}: {}\n", name(&field.name), shown(&field.after)?))
    };
    whole.fields().iter().filter_map(column).collect()
}
