//! Compares copies of a table with the states of its rows in the trail at the same times.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use threadline::query::{AsOf, RowImage, RowKey, Snapshot};
use threadline::{AuditTrail, Scope, TableName};

use crate::database::{Result, value};
use crate::rows::{Rows, as_of, describe, has_same_values, key_text, row_text, table_rows};

/// Copies of the rows of one table, each with the time at which it was made.
#[derive(Debug)]
pub struct TableCopies {
    table: String,
    key: Vec<String>,
    copies: Vec<(DateTime<Utc>, Rows)>,
    /// True if the trail may return an uncertain state.
    pub may_be_uncertain: bool,
}

impl TableCopies {
    /// Returns an empty list of copies of a table with these key columns.
    pub fn new(table: &str, key: &[&str]) -> Self {
        let key = key.iter().map(|column| (*column).to_owned()).collect();
        Self { table: table.to_owned(), key, copies: Vec::new(), may_be_uncertain: false }
    }

    /// Copies the current rows of the table.
    pub async fn copy(&mut self, pool: &PgPool) -> Result {
        let mut connection = pool.acquire().await?;
        let rows = table_rows(&mut connection, &self.table, &self.key, "").await?;
        self.copies.push((value(&mut *connection, "SELECT clock_timestamp()").await?, rows));
        Ok(())
    }

    /// Returns the differences between the copies and the trail: in the state of every row at the time of every copy, and in the
    /// comparison of the first and the last copy.
    pub async fn differences(&self, trail: &AuditTrail) -> Result<Vec<String>> {
        let keys: BTreeSet<&RowKey> = self.copies.iter().flat_map(|(_, rows)| rows.keys()).collect();
        let trail = trail.clone().prepared_statements(true);
        let mut snapshot = trail.snapshot().await?;
        let mut differences = Vec::new();
        for key in keys {
            for (index, (copied_at, rows)) in self.copies.iter().enumerate() {
                let state = as_of(&mut snapshot, &self.table, key, *copied_at).await?;
                let row = rows.get(key);
                let is_uncertain = self.may_be_uncertain && matches!(state, AsOf::Uncertain { .. });
                if !is_uncertain && !agrees(&state, row) {
                    differences.push(format!(
                        "{} {} at copy {index}: the row is {}, and according to the trail it {}",
                        self.table,
                        key_text(key),
                        row.map_or_else(|| "missing".to_owned(), row_text),
                        describe(&state)
                    ));
                }
            }
            differences.extend(self.compare(&mut snapshot, key).await?);
        }
        Ok(differences)
    }

    /// Compares a row of the first copy with that of the last, and returns a description if the trail's comparison differs.
    async fn compare(&self, snapshot: &mut Snapshot<'_>, key: &RowKey) -> Result<Option<String>> {
        let (Some((first_time, first_rows)), Some((last_time, last_rows))) =
            (self.copies.first(), self.copies.last())
        else {
            return Ok(None);
        };
        let scope = Scope::unscoped();
        let compared = snapshot
            .compare(&scope, self.table.parse::<TableName>()?, key, [*first_time, *last_time])
            .await?;
        let fields: Vec<&str> = compared.fields.iter().map(|field| field.name.as_str()).collect();
        let expected = differing_columns(first_rows.get(key), last_rows.get(key));
        let problem = format!(
            "{} {} from the first copy to the last: {expected:?} differ, and according to the trail {fields:?}",
            self.table,
            key_text(key)
        );
        Ok((fields != expected).then_some(problem))
    }
}

/// Returns true if the state in the trail is certain and agrees with the row in the table.
fn agrees(state: &AsOf, row: Option<&RowImage>) -> bool {
    match (state, row) {
        (AsOf::Present(entry), Some(row)) => {
            entry.change.after.as_ref().is_some_and(|after| has_same_values(after, row))
        }
        (AsOf::Deleted(_) | AsOf::Moved(_) | AsOf::BeforeHorizon, None) => true,
        _ => false,
    }
}

/// Returns the names of the columns whose values differ. A missing row has no columns.
fn differing_columns<'a>(one: Option<&'a RowImage>, other: Option<&'a RowImage>) -> Vec<&'a str> {
    let names: BTreeSet<&String> = one.into_iter().chain(other).flat_map(RowImage::keys).collect();
    let value =
        |row: Option<&'a RowImage>, name: &String| row.and_then(|row| row.get(name)).map(|value| value.get());
    names.into_iter().filter(|name| value(one, name) != value(other, name)).map(String::as_str).collect()
}
