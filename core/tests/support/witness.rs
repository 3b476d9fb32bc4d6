//! Copies of a table, taken at moments, to hold against what the trail says of every row at those moments.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use threadline::query::{AsOf, RowImage, Snapshot};
use threadline::{AuditTrail, Scope};

use crate::database::{Result, value};

pub(crate) type Key = BTreeMap<String, String>;
pub(crate) type Rows = BTreeMap<Key, RowImage>;

/// The rows of one table at every moment at which it was looked at.
#[derive(Debug)]
pub(crate) struct Witness {
    table: String,
    key: Vec<String>,
    copies: Vec<(DateTime<Utc>, Rows)>,
    /// Whether the trail lacks what it takes to be certain.
    pub(crate) may_be_uncertain: bool,
}

impl Witness {
    pub(crate) fn new(table: &str, key: &[&str]) -> Self {
        let key = key.iter().map(|column| (*column).to_owned()).collect();
        Self { table: table.to_owned(), key, copies: Vec::new(), may_be_uncertain: false }
    }

    /// Copies the table as it is now.
    pub(crate) async fn look(&mut self, pool: &PgPool) -> Result {
        let mut connection = pool.acquire().await?;
        let rows = rows(&mut connection, &self.table, &self.key).await?;
        self.copies.push((now(&mut connection).await?, rows));
        Ok(())
    }

    /// All that the trail says otherwise: as-of of every key at every moment, and the comparison of the first and the last.
    pub(crate) async fn differences(&self, trail: &AuditTrail) -> Result<Vec<String>> {
        let keys: BTreeSet<&Key> = self.copies.iter().flat_map(|(_, rows)| rows.keys()).collect();
        let trail = trail.clone().with_prepared_statements(true);
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

    /// What the trail says otherwise of the difference between the first and the last copy of a row.
    async fn compare(&self, snapshot: &mut Snapshot<'_>, key: &Key) -> Result<Option<String>> {
        let (Some((before, one)), Some((after, other))) = (self.copies.first(), self.copies.last()) else {
            return Ok(None);
        };
        let scope = Scope::unscoped();
        let compared = snapshot.compare(&scope, self.table.as_str(), key.clone(), [*before, *after]).await?;
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

/// The rows of a table by their keys, as JSON.
async fn rows(connection: &mut PgConnection, table: &str, key: &[String]) -> Result<Rows> {
    rows_of(connection, table, key, "").await
}

/// The same with an expression that replaces some of the values.
pub(crate) async fn rows_of(
    connection: &mut PgConnection,
    table: &str,
    key: &[String],
    replaced: &str,
) -> Result<Rows> {
    let pairs: Vec<String> = key.iter().map(|column| format!("'{column}', \"{column}\"::text")).collect();
    let sql =
        format!("SELECT jsonb_build_object({}), to_jsonb(t){replaced} FROM {table} AS t", pairs.join(", "));
    let rows: Vec<(Json<Key>, Json<RowImage>)> =
        sqlx::query_as(AssertSqlSafe(sql)).persistent(false).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(key, row)| (key.0, row.0)).collect())
}

/// The time of the server.
pub(crate) async fn now(connection: &mut PgConnection) -> Result<DateTime<Utc>> {
    value(connection, "SELECT clock_timestamp()").await
}

pub(crate) async fn as_of(
    snapshot: &mut Snapshot<'_>,
    table: &str,
    key: &Key,
    at: DateTime<Utc>,
) -> Result<AsOf> {
    Ok(snapshot.as_of(&Scope::unscoped(), table, key.clone(), at).await?)
}

/// Whether the answer is certain and the same as the table's.
fn agrees(told: &AsOf, row: Option<&RowImage>) -> bool {
    match (told, row) {
        (AsOf::Snapshot(entry), Some(row)) => {
            entry.change.after.as_ref().is_some_and(|after| same(after, row))
        }
        (AsOf::Deleted(_) | AsOf::Moved(_) | AsOf::BeforeHorizon, None) => true,
        _ => false,
    }
}

/// Equal to the last character of every value.
pub(crate) fn same(one: &RowImage, other: &RowImage) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|((a, x), (b, y))| a == b && x.get() == y.get())
}

fn differing<'a>(one: Option<&'a RowImage>, other: Option<&'a RowImage>) -> Vec<&'a str> {
    let names: BTreeSet<&String> = one.into_iter().chain(other).flat_map(RowImage::keys).collect();
    let value =
        |row: Option<&'a RowImage>, name: &String| row.and_then(|row| row.get(name)).map(|value| value.get());
    names.into_iter().filter(|name| value(one, name) != value(other, name)).map(String::as_str).collect()
}

/// What the trail says of a row, in a few words.
pub(crate) fn tell(told: &AsOf) -> String {
    let shown = told.row().map_or_else(|| "without an image".to_owned(), image);
    match told {
        AsOf::Snapshot(_) => format!("existed: {shown}"),
        AsOf::Uncertain { causes, .. } => {
            let causes: Vec<String> = causes.iter().map(ToString::to_string).collect();
            format!("may have existed: {shown}; {}", causes.join("; "))
        }
        AsOf::Deleted(entry) => format!("was removed by {}", entry.change.operation.as_str()),
        AsOf::Moved(entry) => {
            let key = entry.change.row_key().unwrap_or_default();
            format!("became {}", text(&key))
        }
        AsOf::BeforeHorizon => "is not known".to_owned(),
    }
}

pub(crate) fn text(key: &Key) -> String {
    let pairs: Vec<String> = key.iter().map(|(column, value)| format!("{column}={value}")).collect();
    pairs.join("&")
}

pub(crate) fn image(row: &RowImage) -> String {
    let pairs: Vec<String> = row.iter().map(|(column, value)| format!("{column}: {}", value.get())).collect();
    format!("{{{}}}", pairs.join(", "))
}
