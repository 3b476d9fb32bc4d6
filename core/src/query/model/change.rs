//! One recorded change, as it is read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use crate::TableName;
use crate::query::Cursor;

/// A row as it was, column by column. Each value is the JSON text that the database keeps, so numbers stay exact.
pub type RowImage = BTreeMap<String, Box<RawValue>>;

/// The key of a row: its key columns with their values as text.
pub type RowKey = BTreeMap<String, Option<String>>;

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// The row was made.
    Insert,
    /// The row was changed.
    Update,
    /// The row was removed.
    Delete,
    /// The whole table was emptied.
    Truncate,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 4] = [Self::Insert, Self::Update, Self::Delete, Self::Truncate];

    /// The word that is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Truncate => "truncate",
        }
    }
}

/// One recorded change of one row.
#[derive(Debug, Clone)]
pub struct Change {
    /// The change's own id, ordered by time.
    pub id: Uuid,
    /// The audit transaction it belongs to.
    pub transaction_id: Uuid,
    /// The table.
    pub table: TableName,
    /// The row's key; empty where it is not known.
    pub key: RowKey,
    /// What happened.
    pub operation: Operation,
    /// The row after the change; none after a delete.
    pub after: Option<RowImage>,
    /// The old values that were kept: of the changed fields, or of the whole row for a delete.
    pub before: Option<RowImage>,
    /// The names of the changed fields, for an update.
    pub changed_fields: Option<Vec<String>>,
    /// The row after the change before this one, where [`load_old_values`](crate::AuditTrail::load_old_values) has
    /// looked it up: a second source of old values.
    pub previous: Option<RowImage>,
    /// The key before the change, where the change replaced it: the row's history goes on, or began, under that key.
    pub old_key: Option<RowKey>,
    /// The partition that a TRUNCATE emptied, with its schema, where it was not the whole table.
    pub partition: Option<String>,
    /// When the statement that made the change was captured.
    pub captured_at: DateTime<Utc>,
    /// What the server's clock said then, where it had been set back behind the time of an earlier change: `captured_at` is
    /// later then, so that changes stand in the order in which they were written.
    pub clock_at: Option<DateTime<Utc>>,
}

impl Change {
    /// Its place in the total order.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor { captured_at: self.captured_at, id: self.id }
    }

    /// The key as a filter takes it; none where it is not known.
    #[must_use]
    pub fn row_key(&self) -> Option<BTreeMap<String, String>> {
        filter_key(&self.key)
    }

    /// The key before the change as a filter takes it, where the change replaced the key.
    #[must_use]
    pub fn old_row_key(&self) -> Option<BTreeMap<String, String>> {
        self.old_key.as_ref().and_then(filter_key)
    }

    /// The key that the row had before the change.
    pub(in crate::query) fn key_before(&self) -> &RowKey {
        self.old_key.as_ref().unwrap_or(&self.key)
    }

    /// Whether some old value is not stored with the change.
    #[must_use]
    pub fn lacks_old_values(&self) -> bool {
        let stored = |field: &String| self.before.as_ref().is_some_and(|before| before.contains_key(field));
        match self.operation {
            Operation::Update => !self.changed_fields.iter().flatten().all(stored),
            Operation::Delete => self.before.is_none(),
            Operation::Insert | Operation::Truncate => false,
        }
    }
}

fn filter_key(key: &RowKey) -> Option<BTreeMap<String, String>> {
    let key = key.iter().map(|(column, value)| Some((column.clone(), value.clone()?))).collect();
    Some(key).flatten().filter(|key: &BTreeMap<String, String>| !key.is_empty())
}

/// The key before an update of the reference system, which keeps old values only: those of key columns among them.
fn key_of_old_values(key: &RowKey, before: &RowImage) -> Option<RowKey> {
    let mut old_key = key.clone();
    for (column, value) in &mut old_key {
        if let Some(old) = before.get(column) {
            *value = match serde_json::from_str(old.get()) {
                Ok(serde_json::Value::String(text)) => Some(text),
                Ok(serde_json::Value::Null) => None,
                _ => Some(old.get().to_owned()),
            };
        }
    }
    (old_key != *key).then_some(old_key)
}

impl FromRow<'_, PgRow> for Change {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let operation: String = row.try_get("op")?;
        let image = |column| row.try_get::<Option<Json<RowImage>>, _>(column).map(|image| image.map(|i| i.0));
        let key = row.try_get::<Json<RowKey>, _>("table_pk")?.0;
        let before = image("changed_from")?;
        let mut old_key = row.try_get::<Option<Json<RowKey>>, _>("old_pk")?.map(|key| key.0);
        if old_key.is_none() && operation == Operation::Update.as_str() {
            old_key = before.as_ref().and_then(|before| key_of_old_values(&key, before));
        }
        Ok(Self {
            id: row.try_get("id")?,
            transaction_id: row.try_get("transaction_id")?,
            table: TableName::new(
                row.try_get::<String, _>("table_schema")?,
                row.try_get::<String, _>("table_name")?,
            ),
            key,
            old_key,
            operation: Operation::ALL
                .into_iter()
                .find(|op| op.as_str() == operation)
                .ok_or_else(|| sqlx::Error::Decode(format!("audit_changes.op holds {operation:?}").into()))?,
            after: image("data_after")?,
            before,
            partition: row.try_get("partition_name")?,
            clock_at: row.try_get("clock_at")?,
            changed_fields: row.try_get("changed_fields")?,
            previous: None,
            captured_at: row.try_get("captured_at")?,
        })
    }
}
