//! Copies of a table, taken at moments, to hold against what the trail says of every row at those moments.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use threadline::query::{AsOf, RowImage, Snapshot};
use threadline::{AuditTrail, Scope, TableName};

use crate::database::{Result, value};
use crate::rows::{Key, Rows, as_of, image, rows_of, same, tell, text};

/// The rows of one table at every moment at which it was looked at.
#[derive(Debug)]
pub struct Witness {
    table: String,
    key: Vec<String>,
    copies: Vec<(DateTime<Utc>, Rows)>,
    /// True if the trail cannot answer with certainty.
    pub may_be_uncertain: bool,
}

impl Witness {
    pub fn new(table: &str, key: &[&str]) -> Self {
        let key = key.iter().map(|column| (*column).to_owned()).collect();
        Self { table: table.to_owned(), key, copies: Vec::new(), may_be_uncertain: false }
    }

    /// Copies the table as it is now.
    pub async fn look(&mut self, pool: &PgPool) -> Result {
        let mut connection = pool.acquire().await?;
        let rows = rows_of(&mut connection, &self.table, &self.key, "").await?;
        self.copies.push((value(&mut *connection, "SELECT clock_timestamp()").await?, rows));
        Ok(())
    }

    /// All that the trail says otherwise: as-of of every key at every moment, and the comparison of the first and the last.
    pub async fn differences(&self, trail: &AuditTrail) -> Result<Vec<String>> {
        let keys: BTreeSet<&Key> = self.copies.iter().flat_map(|(_, rows)| rows.keys()).collect();
        let trail = trail.clone().prepared_statements(true);
        let mut snapshot = trail.snapshot().await?;
        let mut differences = Vec::new();
        for key in keys {
            for (at, (moment, rows)) in self.copies.iter().enumerate() {
                let told = as_of(&mut snapshot, &self.table, key, *moment).await?;
                let row = rows.get(key);
                let is_uncertain = self.may_be_uncertain && matches!(told, AsOf::Uncertain { .. });
                if !is_uncertain && !agrees(&told, row) {
                    differences.push(format!(
                        "{} {} at look {at}: the row is {}, the trail says it {}",
                        self.table,
                        text(key),
                        row.map_or_else(|| "not there".to_owned(), image),
                        tell(&told)
                    ));
                }
            }
            differences.extend(self.compare(&mut snapshot, key).await?);
        }
        Ok(differences)
    }

    /// Returns how the trail's comparison differs from that of the first and the last copy of a row.
    async fn compare(&self, snapshot: &mut Snapshot<'_>, key: &Key) -> Result<Option<String>> {
        let (Some((before, one)), Some((after, other))) = (self.copies.first(), self.copies.last()) else {
            return Ok(None);
        };
        let scope = Scope::unscoped();
        let compared =
            snapshot.compare(&scope, self.table.parse::<TableName>()?, key, [*before, *after]).await?;
        let fields: Vec<&str> = compared.fields.iter().map(|field| field.name.as_str()).collect();
        let expected = differing(one.get(key), other.get(key));
        let problem = format!(
            "{} {} from the first look to the last: {expected:?} differ, the trail says {fields:?}",
            self.table,
            text(key)
        );
        Ok((fields != expected).then_some(problem))
    }
}

/// Returns whether the answer is certain and equal to that of the table.
fn agrees(told: &AsOf, row: Option<&RowImage>) -> bool {
    match (told, row) {
        (AsOf::Present(entry), Some(row)) => {
            entry.change.after.as_ref().is_some_and(|after| same(after, row))
        }
        (AsOf::Deleted(_) | AsOf::Moved(_) | AsOf::BeforeHorizon, None) => true,
        _ => false,
    }
}

fn differing<'a>(one: Option<&'a RowImage>, other: Option<&'a RowImage>) -> Vec<&'a str> {
    let names: BTreeSet<&String> = one.into_iter().chain(other).flat_map(RowImage::keys).collect();
    let value =
        |row: Option<&'a RowImage>, name: &String| row.and_then(|row| row.get(name)).map(|value| value.get());
    names.into_iter().filter(|name| value(one, name) != value(other, name)).map(String::as_str).collect()
}
