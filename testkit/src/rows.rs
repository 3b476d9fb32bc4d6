//! Rows of tables, and what the trail says of them, in a form that fits on a line.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection};
use threadline::query::{AsOf, RowImage, RowKey, Snapshot};
use threadline::{Scope, TableName};

use crate::database::Result;

pub type Key = RowKey;
pub type Rows = BTreeMap<Key, RowImage>;

/// The rows of a table by their keys, as JSON, with an expression that replaces some of the values.
pub async fn rows_of(
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

pub async fn as_of(snapshot: &mut Snapshot<'_>, table: &str, key: &Key, at: DateTime<Utc>) -> Result<AsOf> {
    Ok(snapshot.as_of(&Scope::unscoped(), table.parse::<TableName>()?, key, at).await?)
}

/// Equal to the last character of every value.
pub fn same(one: &RowImage, other: &RowImage) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|((a, x), (b, y))| a == b && x.get() == y.get())
}

/// Describes the state of a row in the trail in a few words.
pub fn tell(told: &AsOf) -> String {
    let shown = told.row().map_or_else(|| "without an image".to_owned(), image);
    match told {
        AsOf::Present(_) => format!("existed: {shown}"),
        AsOf::Uncertain { causes, .. } => {
            let causes: Vec<String> = causes.iter().map(ToString::to_string).collect();
            format!("may have existed: {shown}; {}", causes.join("; "))
        }
        AsOf::Deleted(entry) => format!("was removed by {}", entry.change.operation.as_str()),
        AsOf::Moved(entry) => format!("became {}", text(&entry.change.key)),
        AsOf::BeforeHorizon => "is not known".to_owned(),
    }
}

pub fn text(key: &Key) -> String {
    let pairs: Vec<String> =
        key.iter().map(|(column, value)| format!("{column}={}", value.unwrap_or("NULL"))).collect();
    pairs.join("&")
}

pub fn image(row: &RowImage) -> String {
    let pairs: Vec<String> = row.iter().map(|(column, value)| format!("{column}: {}", value.get())).collect();
    format!("{{{}}}", pairs.join(", "))
}
