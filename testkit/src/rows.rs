//! Reads rows of tables, and formats rows and their states as short texts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection};
use threadline::query::{AsOf, RowImage, RowKey, Snapshot};
use threadline::{Scope, TableName};

use crate::database::Result;

/// The rows of a table by their row keys.
pub type Rows = BTreeMap<RowKey, RowImage>;

/// Reads the rows of a table. `replacements` is appended to the JSON expression of a row, and can replace some of the values.
pub async fn table_rows(
    connection: &mut PgConnection,
    table: &str,
    key: &[String],
    replacements: &str,
) -> Result<Rows> {
    let pairs: Vec<String> = key.iter().map(|column| format!("'{column}', \"{column}\"::text")).collect();
    let sql = format!(
        "SELECT jsonb_build_object({}), to_jsonb(t){replacements} FROM {table} AS t",
        pairs.join(", ")
    );
    let rows: Vec<(Json<RowKey>, Json<RowImage>)> =
        sqlx::query_as(AssertSqlSafe(sql)).persistent(false).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(key, row)| (key.0, row.0)).collect())
}

/// Reads a row as of a time, without restricting it to a scope.
pub async fn as_of(
    snapshot: &mut Snapshot<'_>,
    table: &str,
    key: &RowKey,
    at: DateTime<Utc>,
) -> Result<AsOf> {
    Ok(snapshot.as_of(&Scope::unscoped(), table.parse::<TableName>()?, key, at).await?)
}

/// Returns true if both rows have the same columns with the same JSON texts.
pub fn has_same_values(one: &RowImage, other: &RowImage) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|((a, x), (b, y))| a == b && x.get() == y.get())
}

/// Describes the state of a row in the trail in a few words.
pub fn describe(state: &AsOf) -> String {
    let row = state.row().map_or_else(|| "without an image".to_owned(), row_text);
    match state {
        AsOf::Present(_) => format!("existed: {row}"),
        AsOf::Uncertain { causes, .. } => {
            let causes: Vec<String> = causes.iter().map(ToString::to_string).collect();
            format!("may have existed: {row}; {}", causes.join("; "))
        }
        AsOf::Deleted(entry) => format!("was removed by {}", entry.change.operation.as_str()),
        AsOf::Moved(entry) => format!("became {}", key_text(&entry.change.key)),
        AsOf::BeforeHorizon => "is not known".to_owned(),
    }
}

/// Formats a row key as in a URL, such as `id=1`.
pub fn key_text(key: &RowKey) -> String {
    let pairs: Vec<String> =
        key.iter().map(|(column, value)| format!("{column}={}", value.unwrap_or("NULL"))).collect();
    pairs.join("&")
}

/// Formats a row on one line, such as `{id: 1, note: "a"}`.
pub fn row_text(row: &RowImage) -> String {
    let pairs: Vec<String> = row.iter().map(|(column, value)| format!("{column}: {}", value.get())).collect();
    format!("{{{}}}", pairs.join(", "))
}
