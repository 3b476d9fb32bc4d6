//! A row as it was at a moment, and the difference between two moments.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use super::conditions::Selection;
use super::diff::between;
use super::history::row_key;
use super::reader::Reader;
use super::{FieldChange, Filter, Operation, Position, QueryError, RowImage, Snapshot, TimelineEntry};
use crate::{AuditTrail, Scope, TableName};

/// A row as the trail knows it at a moment.
#[derive(Debug, Clone)]
pub enum AsOf {
    /// The row existed: what the change holds after it, as far as the policy kept it.
    Snapshot(TimelineEntry),
    /// The row had been deleted, or the table emptied, by this change.
    Deleted(TimelineEntry),
    /// The trail knows nothing of the row at that moment: it did not exist yet, or was not captured yet.
    BeforeHorizon,
}

/// Why a row could not be read into a type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CastError {
    /// The row had been deleted.
    #[error("the row had been deleted")]
    Deleted,
    /// The trail knows nothing of the row at that moment.
    #[error("the trail begins later for this row")]
    BeforeHorizon,
    /// The type does not fit the row that is stored.
    #[error("the stored row is no {type_name}: {source}")]
    Mismatch {
        /// The type's name.
        type_name: &'static str,
        /// What does not fit.
        source: serde_json::Error,
    },
}

/// A row at two moments, and the difference, field by field.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The earlier one.
    pub before: AsOf,
    /// The later one.
    pub after: AsOf,
    /// The fields that differ, by name.
    pub fields: Vec<FieldChange>,
}

impl AsOf {
    /// The row, if it existed.
    #[must_use]
    pub const fn row(&self) -> Option<&RowImage> {
        match self {
            Self::Snapshot(entry) => entry.change.after.as_ref(),
            Self::Deleted(_) | Self::BeforeHorizon => None,
        }
    }

    /// Every column of the row with its value, by name, as if it had just been inserted; none if it did not exist.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldChange> {
        between(None, self.row())
    }

    /// The row as a value of the application's own type. Columns that the type does not know are ignored.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Ticket {
    ///     priority: String,
    /// }
    ///
    /// let yesterday = chrono::Utc::now() - chrono::TimeDelta::days(1);
    /// let ticket: Ticket = trail.as_of(&Scope::unscoped(), "tickets", [("id", 4711)], yesterday).await?.cast()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CastError`] when there is no row, or when the type does not fit it.
    pub fn cast<T: DeserializeOwned>(&self) -> Result<T, CastError> {
        let row = match self {
            Self::Snapshot(entry) => &entry.change.after,
            Self::Deleted(_) => return Err(CastError::Deleted),
            Self::BeforeHorizon => return Err(CastError::BeforeHorizon),
        };
        let mismatch = |source| CastError::Mismatch { type_name: std::any::type_name::<T>(), source };
        let json = serde_json::to_string(row).map_err(mismatch)?;
        serde_json::from_str(&json).map_err(mismatch)
    }

    fn of(entry: TimelineEntry) -> Self {
        match entry.change.operation {
            Operation::Insert | Operation::Update => Self::Snapshot(entry),
            Operation::Delete | Operation::Truncate => Self::Deleted(entry),
        }
    }
}

impl AuditTrail {
    /// A row as it was at a moment: after its newest change at that moment or before.
    ///
    /// # Errors
    /// [`QueryError::InFuture`], [`QueryError::OtherKey`], [`QueryError::NotAudited`], and [`QueryError::Database`].
    pub async fn as_of<C, V>(
        &self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl IntoIterator<Item = (C, V)>,
        at: DateTime<Utc>,
    ) -> Result<AsOf, QueryError>
    where
        C: Into<String>,
        V: ToString,
    {
        self.snapshot().await?.as_of(scope, table, key, at).await
    }

    /// A row at two moments, in either order, field by field.
    ///
    /// # Errors
    /// As [`as_of`](Self::as_of).
    pub async fn compare<C, V>(
        &self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl IntoIterator<Item = (C, V)>,
        moments: [DateTime<Utc>; 2],
    ) -> Result<Comparison, QueryError>
    where
        C: Into<String>,
        V: ToString,
    {
        self.snapshot().await?.compare(scope, table, key, moments).await
    }
}

impl Snapshot<'_> {
    /// As [`AuditTrail::as_of`].
    ///
    /// # Errors
    /// The same.
    pub async fn as_of<C, V>(
        &mut self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl IntoIterator<Item = (C, V)>,
        at: DateTime<Utc>,
    ) -> Result<AsOf, QueryError>
    where
        C: Into<String>,
        V: ToString,
    {
        self.0.as_of(scope, &table.into(), &row_key(key), at).await
    }

    /// As [`AuditTrail::compare`].
    ///
    /// # Errors
    /// The same.
    pub async fn compare<C, V>(
        &mut self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl IntoIterator<Item = (C, V)>,
        moments: [DateTime<Utc>; 2],
    ) -> Result<Comparison, QueryError>
    where
        C: Into<String>,
        V: ToString,
    {
        let (table, key) = (table.into(), row_key(key));
        let [one, other] = moments;
        let before = self.0.as_of(scope, &table, &key, one.min(other)).await?;
        let after = self.0.as_of(scope, &table, &key, one.max(other)).await?;
        let fields = between(before.row(), after.row());
        Ok(Comparison { before, after, fields })
    }
}

impl Reader<'_> {
    async fn as_of(
        &mut self,
        scope: &Scope,
        table: &TableName,
        key: &BTreeMap<String, String>,
        at: DateTime<Utc>,
    ) -> Result<AsOf, QueryError> {
        let clock = sqlx::query_scalar("SELECT clock_timestamp()").persistent(false);
        let now: DateTime<Utc> = clock.fetch_one(self.connection()).await?;
        if at > now {
            return Err(QueryError::InFuture { at });
        }
        let row =
            Filter { table: Some(table.clone()), key: Some(key.clone()), to: Some(at), ..Filter::default() };
        let selection = Selection { scope, filter: &row, transaction: None };
        let last = self.changes(selection, Position::Newest, 1).await?;
        let truncate = Filter { key: None, operation: Some(Operation::Truncate), ..row.clone() };
        let truncate = Selection { filter: &truncate, ..selection };
        let found = match last.first().map(|found| found.change.cursor()) {
            // A truncate emptied the table of this row as well.
            Some(cursor) => {
                let later = self.changes(truncate, Position::NewerThan(cursor), 1).await?;
                if later.is_empty() { last } else { later }
            }
            None => {
                self.check_key(selection).await?;
                return Ok(AsOf::BeforeHorizon);
            }
        };
        let entry = self.entries(found).await?.into_iter().next();
        Ok(entry.map_or(AsOf::BeforeHorizon, AsOf::of))
    }
}
