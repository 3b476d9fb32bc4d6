//! Rebuilds a table from the trail: all of its changes, applied to an empty table in order, produce the rows of the table.

use std::collections::BTreeMap;

use chrono::DateTime;
use threadline::query::{Change, Filter, Operation, Position, RowImage};
use threadline::{AuditTrail, Scope, TableName};

use crate::differential::table::{Redefinition, Table};
use threadline_testkit::database::Result;
use threadline_testkit::rows::Rows;

/// A row with every value as text.
type Row = BTreeMap<String, String>;

/// Replays the changes of a table, and returns how the result differs from its rows.
pub(crate) async fn replay(trail: &AuditTrail, table: &Table, last: &Rows) -> Result<Option<String>> {
    // The trail does not record the values that a change of a column's type has produced.
    if table.has_redefinition(|redefinition| matches!(redefinition, Redefinition::Retyped { .. })) {
        return Ok(None);
    }
    let mut changes = Vec::new();
    for (_, name) in &table.names {
        let filter = Filter { table: Some(TableName::new("public", name).into()), ..Filter::default() };
        let mut position = Position::Newest;
        loop {
            let page = trail.timeline_page(&Scope::unscoped(), &filter, position, 100).await?;
            changes.extend(page.entries.into_iter().map(|entry| entry.change));
            match page.older {
                Some(older) => position = Position::OlderThan(older),
                None => break,
            }
        }
    }
    changes.sort_by_key(Change::cursor);
    // A redacted column is recorded in another way after it was renamed, so it is left out.
    let moments = table.redefinitions.iter().map(|(at, _)| *at).chain([DateTime::UNIX_EPOCH]);
    let hidden: Vec<String> = moments.flat_map(|at| table.redacted_at(at)).map(|(name, _)| name).collect();
    let mut rows: Vec<Row> = Vec::new();
    let mut redefinitions = table.redefinitions.iter().peekable();
    for change in &changes {
        while let Some((_, redefinition)) = redefinitions.next_if(|(at, _)| *at < change.captured_at) {
            rows.iter_mut().for_each(|row| redefine(row, redefinition));
        }
        if let Err(problem) = apply(&mut rows, change, &hidden) {
            return Ok(Some(problem));
        }
    }
    redefinitions.for_each(|(_, redefinition)| rows.iter_mut().for_each(|row| redefine(row, redefinition)));
    let mut replayed = rows;
    let mut expected: Vec<Row> = last.values().map(|row| row_of(row, &hidden)).collect();
    replayed.sort();
    expected.sort();
    Ok((replayed != expected)
        .then(|| format!("the table is {expected:.600?}, the trail has {replayed:.600?}")))
}

fn row_of(image: &RowImage, hidden: &[String]) -> Row {
    let visible = image.iter().filter(|(name, _)| !hidden.contains(name));
    visible.map(|(name, value)| (name.clone(), value.get().to_owned())).collect()
}

fn apply(rows: &mut Vec<Row>, change: &Change, hidden: &[String]) -> std::result::Result<(), String> {
    let after = change.after.as_ref().map(|row| row_of(row, hidden));
    match change.operation {
        Operation::Truncate => {
            let partition = change.partition.as_deref().map(|name| name.trim_start_matches("public.parted_"));
            rows.retain(|row| partition.is_some_and(|partition| !is_in_partition(row, partition)));
            return Ok(());
        }
        Operation::Insert => {}
        _ => {
            let mut before = after.clone().unwrap_or_default();
            before.extend(change.before.as_ref().map(|row| row_of(row, hidden)).unwrap_or_default());
            let at = rows.iter().position(|row| *row == before);
            let at = at.ok_or_else(|| {
                let captured_at = change.captured_at;
                format!(
                    "{} at {captured_at} of a row that is not there: {before:?} in {rows:?}",
                    change.operation.as_str()
                )
            })?;
            rows.swap_remove(at);
        }
    }
    rows.extend(after);
    Ok(())
}

fn is_in_partition(row: &Row, partition: &str) -> bool {
    let region = row.get("r").map(|value| value.trim_matches('"'));
    let id: i32 = row.get("id").and_then(|id| id.parse().ok()).unwrap_or_default();
    match partition {
        "c_low" => region == Some("c") && id < 6,
        "c_high" => region == Some("c") && id >= 6,
        other => region == Some(other),
    }
}

fn redefine(row: &mut Row, redefinition: &Redefinition) {
    match redefinition {
        Redefinition::Added { column, default } => {
            row.insert(column.clone(), default.clone());
        }
        Redefinition::Renamed { from, to } => {
            let value = row.remove(from);
            row.extend(value.map(|value| (to.clone(), value)));
        }
        Redefinition::Retyped { .. }
        | Redefinition::TableRenamed
        | Redefinition::PartitionTruncated { .. } => {}
    }
}
