//! Reading whole values that the limits of a page shortened or left out.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder, Row};
use uuid::Uuid;

use super::engine::criteria::Criteria;
use super::engine::snapshot::Snapshot;
use super::engine::time_windows::TimeWindow;
use super::model::change::{Change, RowImage};
use super::model::cursor::{Cursor, Direction, Position};
use super::model::error::QueryError;
use super::model::filter::Filter;
use super::model::operation::Operation;
use super::model::value_limits::ValueLimits;
use crate::{InvalidParameter, Scope};

/// A side of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The row before the change.
    Before,
    /// The row after the change.
    After,
}

impl Side {
    /// Returns the word for the side.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Side {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        [Self::Before, Self::After]
            .into_iter()
            .find(|side| side.as_str() == text)
            .ok_or_else(|| InvalidParameter::new("side", text, "before or after"))
    }
}

/// The address of one value: a change, a side of it, and a column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueAddress {
    /// The [cursor](Change::cursor) of the change.
    pub change: Cursor,
    /// The side of the change.
    pub side: Side,
    /// The column.
    pub field: String,
}

impl ValueAddress {
    /// Creates the address of a value.
    #[must_use]
    pub fn new(change: Cursor, side: Side, field: impl Into<String>) -> Self {
        Self { change, side, field: field.into() }
    }
}

/// A part of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValuePart {
    /// The size of the whole value in bytes.
    pub total_bytes: u64,
    /// The bytes of the part. The value is UTF-8; a part may begin or end within a character.
    pub bytes: Vec<u8>,
}

impl Snapshot<'_> {
    /// Returns at most `length` bytes of one value from this offset on: of a text itself, and of any other value as JSON. An old
    /// value that is not stored with the change is that of the previous change of the row. Returns `None` if there is no such
    /// change in the scope, or no such value.
    ///
    /// Values never change once they are recorded, so parts that were read from different snapshots fit together.
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn value_part(
        &mut self,
        scope: &Scope,
        address: &ValueAddress,
        offset: u64,
        length: usize,
    ) -> Result<Option<ValuePart>, QueryError> {
        let ValueAddress { change, side, field } = address;
        let range = (offset, length);
        if *side == Side::After {
            return self.part_of_image(scope, (*change, Side::After), field, range).await;
        }
        let stored = self.part_of_image(scope, (*change, Side::Before), field, range).await?;
        if stored.is_some() {
            return Ok(stored);
        }
        match self.previous_change(scope, *change).await? {
            Some(previous) => self.part_of_image(scope, (previous, Side::After), field, range).await,
            None => Ok(None),
        }
    }

    async fn part_of_image(
        &mut self,
        scope: &Scope,
        (change, side): (Cursor, Side),
        field: &str,
        (offset, length): (u64, usize),
    ) -> Result<Option<ValuePart>, QueryError> {
        let column = match side {
            Side::After => "data_after",
            Side::Before if self.features().has_changed_from => "changed_from",
            Side::Before => return Ok(None),
        };
        let start = i32::try_from(offset.saturating_add(1)).unwrap_or(i32::MAX);
        let length = i32::try_from(length).unwrap_or(i32::MAX);
        // The text is converted once, and cut as bytes: to find the n-th character, PostgreSQL reads all characters before it.
        let mut sql = QueryBuilder::new("SELECT octet_length(value.bytes) AS total, substr(value.bytes, ");
        sql.push_bind(start).push(", ").push_bind(length);
        sql.push(
            ") AS part FROM (SELECT convert_to(CASE jsonb_typeof(field.value) WHEN 'string' THEN field.value #>> '{}'
                                               ELSE field.value::text END, 'UTF8') AS bytes FROM (SELECT c.",
        );
        sql.push(column).push(" -> ").push_bind(field.to_owned()).push(" AS value");
        self.push_change(&mut sql, scope, change);
        sql.push(" OFFSET 0) AS field WHERE field.value IS NOT NULL OFFSET 0) AS value");
        let Some(row) = self.fetch_all(sql).await?.pop() else { return Ok(None) };
        let total: i32 = row.try_get("total")?;
        let total_bytes = u64::try_from(total).unwrap_or_default();
        Ok(Some(ValuePart { total_bytes, bytes: row.try_get("part")? }))
    }

    /// Returns the change of the same row before an update or a delete.
    async fn previous_change(&mut self, scope: &Scope, change: Cursor) -> Result<Option<Cursor>, QueryError> {
        let limits = self.value_limits.replace(ValueLimits::NO_VALUES);
        let previous = self.find_previous(scope, change).await;
        self.value_limits = limits;
        previous
    }

    async fn find_previous(&mut self, scope: &Scope, change: Cursor) -> Result<Option<Cursor>, QueryError> {
        let mut sql = self.select_changes();
        self.push_change(&mut sql, scope, change);
        let change = self.fetch_changes(sql, Direction::Older, 1).await?.pop().map(|row| row.change);
        let Some(change) = change else { return Ok(None) };
        if !matches!(change.operation, Operation::Update | Operation::Delete) {
            return Ok(None);
        }
        let previous = self.changes_before(scope, vec![&change]).await?;
        Ok(previous.into_iter().map(|row| row.change.cursor()).max())
    }

    /// Pushes the FROM clause and the conditions of one change `c` in the scope.
    fn push_change(&self, sql: &mut QueryBuilder<Postgres>, scope: &Scope, change: Cursor) {
        sql.push(self.fill(" FROM __schema__.audit_changes AS c WHERE c.captured_at = "));
        sql.push_bind(change.captured_at).push(" AND c.id = ").push_bind(change.id).push(" AND ");
        let any = Filter::default();
        self.where_clause(sql).push(Criteria::new(scope, &any), Position::Newest, TimeWindow::default());
    }

    /// Reads the whole values of changes whose [values were left out](Change::values_left_out), whatever the limits. The values of
    /// a change that was removed since stay left out.
    ///
    /// All of them are in memory at once, so pass few changes at a time, by their sizes.
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn load_left_out_values<'c>(
        &mut self,
        changes: impl IntoIterator<Item = &'c mut Change>,
    ) -> Result<(), QueryError> {
        let left_out = changes.into_iter().filter(|change| change.values_left_out.is_some()).collect();
        self.load_whole_values(left_out).await
    }

    async fn load_whole_values(&mut self, mut left_out: Vec<&mut Change>) -> Result<(), QueryError> {
        let (times, ids): (Vec<DateTime<Utc>>, Vec<Uuid>) =
            left_out.iter().map(|change| (change.captured_at, change.id)).unzip();
        let Some((first, last)) = times.iter().min().copied().zip(times.iter().max().copied()) else {
            return Ok(());
        };
        let before =
            if self.features().has_changed_from { "c.changed_from" } else { "NULL::jsonb AS changed_from" };
        let mut sql = QueryBuilder::new("SELECT c.id, c.data_after, c.changed_from FROM unnest(");
        sql.push_bind(times).push(", ").push_bind(ids).push(self.fill(&format!(
            ") AS wanted (at, id) CROSS JOIN LATERAL (SELECT c.id, c.data_after, {before} FROM __schema__.audit_changes AS c
               WHERE c.captured_at = wanted.at AND c.id = wanted.id AND c.captured_at BETWEEN "
        )));
        sql.push_bind(first).push(" AND ").push_bind(last).push(" OFFSET 0) AS c");
        let mut found = HashMap::new();
        for row in self.fetch_all(sql).await? {
            let image =
                |column| row.try_get::<Option<Json<RowImage>>, _>(column).map(|image| image.map(|i| i.0));
            found.insert(row.try_get::<Uuid, _>("id")?, (image("data_after")?, image("changed_from")?));
        }
        for change in &mut left_out {
            if let Some((after, before)) = found.remove(&change.id) {
                (change.after, change.before, change.values_left_out) = (after, before, None);
            }
        }
        Ok(())
    }
}
