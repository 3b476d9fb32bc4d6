//! What people who run audit trails, PostgreSQL or exports reported elsewhere, replayed here: each states the right result.

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
use threadline_testkit::rows::{image, tell, text};

/// The time of the server. Whatever is written later is captured later.
async fn now(pool: &PgPool) -> Result<DateTime<Utc>> {
    value(pool, "SELECT clock_timestamp()").await
}

/// A key that is written as in an address, such as `id=1` or `o=1&n=2`.
fn key(text: &str) -> RowKey {
    let pair = |part: &str| part.split_once('=').map(|(column, value)| (column.to_owned(), value.to_owned()));
    text.split('&').filter_map(pair).collect()
}

async fn as_of(trail: &AuditTrail, table: &str, row: &str, at: DateTime<Utc>) -> Result<AsOf> {
    Ok(trail.as_of(&Scope::unscoped(), table.parse::<TableName>()?, key(row), at).await?)
}

/// What the trail says of a row at a moment, such as `existed: {id: 1}`.
async fn told(trail: &AuditTrail, table: &str, row: &str, at: DateTime<Utc>) -> Result<String> {
    Ok(tell(&as_of(trail, table, row, at).await?))
}

/// What the trail says of a row now.
async fn told_now(pool: &PgPool, trail: &AuditTrail, table: &str, row: &str) -> Result<String> {
    told(trail, table, row, now(pool).await?).await
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

/// The history of a row, newest first: the operation, the key and, after a change of the key, the one before.
async fn steps(trail: &AuditTrail, table: &str, row: &str) -> Result<Vec<String>> {
    Ok(history(trail, table, row).await?.iter().map(step).collect())
}

fn step(entry: &TimelineEntry) -> String {
    let change = &entry.change;
    let mut words = vec![change.operation.as_str().to_owned()];
    words.extend(change.partition.clone());
    words.extend(change.row_key().map(text));
    words.extend(change.old_row_key().map(|key| format!("was {}", text(key))));
    words.join(" ")
}

/// The row after a change, as text.
fn row_after(entry: &TimelineEntry) -> String {
    entry.change.after.as_ref().map(image).unwrap_or_default()
}
