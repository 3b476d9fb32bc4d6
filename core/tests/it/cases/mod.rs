//! Tests that repeat problems which others reported of audit trails, PostgreSQL or exports. Each states the right result.

mod clock;
mod key_changes;
mod keys;
mod large;
mod publications;
mod relations;
mod restore;
mod serializable;
mod settings;
mod truncate;
mod types;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use threadline::query::{AsOf, Filter, Position, RowKey, TimelineEntry};
use threadline::{AuditTrail, Scope, TableName};

use threadline_testkit::database::{Result, value};
use threadline_testkit::rows::{describe, key_text, row_text};

/// Returns the time of the server. Later writes are captured at later times.
async fn now(pool: &PgPool) -> Result<DateTime<Utc>> {
    value(pool, "SELECT clock_timestamp()").await
}

/// Reads a key that is written as in a URL, such as `id=1` or `o=1&n=2`.
fn key(text: &str) -> RowKey {
    let pair = |part: &str| part.split_once('=').map(|(column, value)| (column.to_owned(), value.to_owned()));
    text.split('&').filter_map(pair).collect()
}

async fn as_of(trail: &AuditTrail, table: &str, row: &str, at: DateTime<Utc>) -> Result<AsOf> {
    Ok(trail.as_of(&Scope::unscoped(), table.parse::<TableName>()?, key(row), at).await?)
}

/// Describes a row as of a time, such as `existed: {id: 1}`.
async fn state_at(trail: &AuditTrail, table: &str, row: &str, at: DateTime<Utc>) -> Result<String> {
    Ok(describe(&as_of(trail, table, row, at).await?))
}

/// Describes a row as it is now.
async fn state_now(pool: &PgPool, trail: &AuditTrail, table: &str, row: &str) -> Result<String> {
    state_at(trail, table, row, now(pool).await?).await
}

async fn history(trail: &AuditTrail, table: &str, row: &str) -> Result<Vec<TimelineEntry>> {
    let any = Filter::default();
    let page = trail
        .snapshot()
        .await?
        .row_history(&Scope::unscoped(), table.parse::<TableName>()?, key(row), &any, Position::Newest, 200)
        .await?;
    Ok(page.entries)
}

/// Returns the history of a row, newest first: the operation, the key and, if it changed, the old key.
async fn steps(trail: &AuditTrail, table: &str, row: &str) -> Result<Vec<String>> {
    Ok(history(trail, table, row).await?.iter().map(step).collect())
}

fn step(entry: &TimelineEntry) -> String {
    let change = &entry.change;
    let mut words = vec![change.operation.as_str().to_owned()];
    words.extend(change.partition.clone());
    words.extend(change.row_key().map(key_text));
    words.extend(change.old_row_key().map(|key| format!("was {}", key_text(key))));
    words.join(" ")
}

/// Returns the row after a change, as text.
fn row_after(entry: &TimelineEntry) -> String {
    entry.change.after.as_ref().map(row_text).unwrap_or_default()
}
