//! Rebuilds a table from the trail by applying all changes in order.

use serde_json::{Map, Value};
use sqlx::{FromRow, PgPool};

use crate::redaction::plan::{Redaction, Redefinition, redacted_value};
use threadline_testkit::database::Result;

pub(crate) type Row = Map<String, Value>;

#[derive(Debug, FromRow)]
struct Change {
    op: String,
    data_after: Option<Value>,
    changed_from: Option<Value>,
}

fn object(value: Option<Value>) -> Row {
    match value {
        Some(Value::Object(row)) => row,
        _ => Row::new(),
    }
}

/// Replays the trail. Each redefinition of the table happened after the given number of changes.
pub(crate) async fn replay(pool: &PgPool, redefinitions: &[(i64, Redefinition)]) -> Result<Vec<Row>> {
    let changes: Vec<Change> = sqlx::query_as(
        "SELECT op, data_after, changed_from FROM threadline.audit_changes ORDER BY captured_at, id",
    )
    .persistent(false)
    .fetch_all(pool)
    .await?;
    let mut rows: Vec<Row> = Vec::new();
    let mut redefinitions = redefinitions.iter().peekable();
    for (at, change) in (0..).zip(changes) {
        while let Some((_, redefinition)) = redefinitions.next_if(|(after, _)| *after <= at) {
            rows.iter_mut().for_each(|row| redefine(row, redefinition));
        }
        apply(&mut rows, change)?;
    }
    for (_, redefinition) in redefinitions {
        rows.iter_mut().for_each(|row| redefine(row, redefinition));
    }
    Ok(rows)
}

/// Applies a change, after checking that its old values match the row.
fn apply(rows: &mut Vec<Row>, change: Change) -> Result {
    if change.op == "truncate" {
        rows.clear();
        return Ok(());
    }
    let Change { op, data_after, changed_from } = change;
    let after = object(data_after);
    if op != "insert" {
        let mut before = after.clone();
        before.extend(object(changed_from));
        let at = rows.iter().position(|row| *row == before);
        rows.swap_remove(
            at.ok_or_else(|| format!("{op} of a row that is not there: {before:?} in {rows:#?}"))?,
        );
    }
    if op != "delete" {
        rows.push(after);
    }
    Ok(())
}

fn redefine(row: &mut Row, redefinition: &Redefinition) {
    match redefinition {
        Redefinition::Added { name } => {
            row.insert(name.clone(), Value::Null);
        }
        Redefinition::Renamed { from, to } => {
            let value = row.remove(from).unwrap_or_default();
            let value = if to.redaction == Redaction::Withhold {
                redacted_value(Redaction::Withhold, value)
            } else {
                Some(value)
            };
            row.extend(value.map(|value| (to.name.clone(), value)));
        }
    }
}
