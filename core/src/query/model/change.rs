//! One recorded change.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::cursor::Cursor;
use super::operation::Operation;
use super::row_key::RowKey;
use super::value_limits::ShortenedValues;
use crate::TableName;

/// The columns of a row with their values. Each value is the JSON text that the database stores, so numbers stay exact.
pub type RowImage = BTreeMap<String, Box<RawValue>>;

/// One recorded change of one row, or a TRUNCATE. [`fields`](Self::fields) returns it field by field.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Change {
    /// The id of the change, a UUID of version 7: ids are ordered by time.
    pub id: Uuid,
    /// The id of its audit transaction.
    pub transaction_id: Uuid,
    /// The table.
    pub table: TableName,
    /// The key of the row; empty if it is not known.
    pub key: RowKey,
    /// The kind of the change.
    pub operation: Operation,
    /// The row after the change; `None` after a delete or a TRUNCATE.
    pub after: Option<RowImage>,
    /// The old values that are stored with the change: those of the changed fields for an update, and the whole row for a
    /// delete. `None` if the capture policy does not store them.
    pub before: Option<RowImage>,
    /// The names of the changed columns of an update; `None` for any other change.
    pub changed_fields: Option<Vec<String>>,
    /// The row after its previous change, as a second source of old values. It is `None` before
    /// [`load_old_values`](crate::query::Snapshot::load_old_values) sets it.
    pub previous: Option<RowImage>,
    /// The key before the change, if the change replaced it. The earlier history of the row is under that key.
    pub old_key: Option<RowKey>,
    /// The partition that a TRUNCATE emptied, with its schema; `None` if it emptied the whole table.
    pub partition: Option<String>,
    /// The time at which the change was captured, within its transaction. The transaction may have committed later.
    pub captured_at: DateTime<Utc>,
    /// The time of the server's clock, if the clock had been set back before the time of an earlier change. `captured_at` is
    /// later in that case, so that changes stay in the order in which they were written.
    pub clock_at: Option<DateTime<Utc>>,
    /// The beginnings of long values, which the images above then lack. Always empty unless the snapshot
    /// [limits values](crate::query::Snapshot::limit_values).
    pub shortened: ShortenedValues,
    /// The stored size in bytes of the values, if they exist but the snapshot's limits leave them out. The images above are
    /// `None` in that case.
    pub values_left_out: Option<u64>,
}

impl Change {
    /// Returns the position of the change among all changes.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor { captured_at: self.captured_at, id: self.id }
    }

    /// Returns the position just above the change: a page [older](crate::query::Position::OlderThan) than it begins with this
    /// change.
    #[must_use]
    pub const fn cursor_above(&self) -> Cursor {
        let id = Uuid::from_u128(self.id.as_u128().saturating_add(1));
        Cursor { captured_at: self.captured_at, id }
    }

    /// Returns the key if it can be used in a filter: it is known, and no column of it is NULL.
    #[must_use]
    pub fn row_key(&self) -> Option<&RowKey> {
        Some(&self.key).filter(|key| key.is_complete())
    }

    /// Returns the key before the change, if the change replaced it and it can be used in a filter.
    #[must_use]
    pub fn old_row_key(&self) -> Option<&RowKey> {
        self.old_key.as_ref().filter(|key| key.is_complete())
    }

    /// Returns the key that the row had before the change.
    pub(in crate::query) fn key_before(&self) -> &RowKey {
        self.old_key.as_ref().unwrap_or(&self.key)
    }

    /// Returns whether the change gave the row another key than this one, under which its history continues.
    #[must_use]
    pub fn takes_away(&self, key: &RowKey) -> bool {
        self.key != *key && self.old_key.as_ref() == Some(key)
    }

    /// Returns whether some old value is not stored with the change.
    #[must_use]
    pub fn lacks_old_values(&self) -> bool {
        let is_stored = |field: &String| {
            self.before.as_ref().is_some_and(|before| before.contains_key(field))
                || self.shortened.before.contains_key(field)
        };
        match self.operation {
            _ if self.values_left_out.is_some() => false,
            Operation::Update => !self.changed_fields.iter().flatten().all(is_stored),
            Operation::Delete => self.before.is_none(),
            Operation::Insert | Operation::Truncate => false,
        }
    }
}

/// Returns the key before an update in a trail of the Elixir library, which stores old values only: those of key columns are
/// among them.
pub(in crate::query) fn old_key_of_values(key: &RowKey, before: &RowImage) -> Option<RowKey> {
    let old_key = key.clone().with(|column| {
        let old = before.get(column)?.get();
        Some(match serde_json::from_str(old) {
            Ok(serde_json::Value::String(text)) => Some(text),
            Ok(serde_json::Value::Null) => None,
            _ => Some(old.to_owned()),
        })
    });
    (old_key != *key).then_some(old_key)
}

impl FromRow<'_, PgRow> for Change {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let operation: String = row.try_get("op")?;
        let operation: Operation = operation
            .parse()
            .map_err(|_| sqlx::Error::Decode(format!("audit_changes.op holds {operation:?}").into()))?;
        let image = |column| row.try_get::<Option<Json<RowImage>>, _>(column).map(|image| image.map(|i| i.0));
        let key = row.try_get::<Json<RowKey>, _>("table_pk")?.0;
        let before = image("changed_from")?;
        let mut old_key = row.try_get::<Option<Json<RowKey>>, _>("old_pk")?.map(|key| key.0);
        if old_key.is_none() && operation == Operation::Update {
            old_key = before.as_ref().and_then(|before| old_key_of_values(&key, before));
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
            operation,
            after: image("data_after")?,
            before,
            partition: row.try_get("partition_name")?,
            clock_at: row.try_get("clock_at")?,
            changed_fields: row.try_get("changed_fields")?,
            previous: None,
            shortened: ShortenedValues::default(),
            values_left_out: None,
            captured_at: row.try_get("captured_at")?,
        })
    }
}
