//! A row as it was at a moment, and the difference between two moments.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use crate::query::model::field_change::between;
use crate::query::row::row_key;
use crate::query::{FieldChange, PossibleRemoval, QueryError, RowImage, Snapshot, TimelineEntry};
use crate::{AuditTrail, Scope, TableName};

/// A row as the trail knows it at a moment.
#[derive(Debug, Clone)]
pub enum AsOf {
    /// The row existed: what the change holds after it, as far as the policy kept it.
    Present(TimelineEntry),
    /// The row existed after this change, and something that the trail does not know enough of may have removed it by that
    /// moment.
    Uncertain {
        /// The row's last change.
        entry: TimelineEntry,
        /// What may have removed it; never empty.
        causes: Vec<PossibleRemoval>,
    },
    /// The row had been deleted, or the table emptied, by this change.
    Deleted(TimelineEntry),
    /// No row had the key any more: this change gave the row another key, under which its history goes on.
    Moved(TimelineEntry),
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
    /// The row had another key by then.
    #[error("the row had been given another key")]
    Moved,
    /// The row may have been removed.
    #[error("the row may have been removed: {cause}")]
    Uncertain {
        /// The first of what may have removed it.
        cause: String,
    },
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
    /// The row, if it existed or may have existed.
    #[must_use]
    pub const fn row(&self) -> Option<&RowImage> {
        match self {
            Self::Present(entry) | Self::Uncertain { entry, .. } => entry.change.after.as_ref(),
            Self::Deleted(_) | Self::Moved(_) | Self::BeforeHorizon => None,
        }
    }

    /// The change that the answer rests on; none before the horizon.
    #[must_use]
    pub const fn entry(&self) -> Option<&TimelineEntry> {
        match self {
            Self::Present(entry)
            | Self::Uncertain { entry, .. }
            | Self::Deleted(entry)
            | Self::Moved(entry) => Some(entry),
            Self::BeforeHorizon => None,
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
            Self::Present(entry) => &entry.change.after,
            Self::Uncertain { causes, .. } => {
                let cause = causes.first().map(ToString::to_string).unwrap_or_default();
                return Err(CastError::Uncertain { cause });
            }
            Self::Deleted(_) => return Err(CastError::Deleted),
            Self::Moved(_) => return Err(CastError::Moved),
            Self::BeforeHorizon => return Err(CastError::BeforeHorizon),
        };
        let mismatch = |source| CastError::Mismatch { type_name: std::any::type_name::<T>(), source };
        let json = serde_json::to_string(row).map_err(mismatch)?;
        serde_json::from_str(&json).map_err(mismatch)
    }
}

impl AuditTrail {
    /// A row as it was at a moment: after its newest change at that moment or before.
    ///
    /// # Errors
    /// [`QueryError::FutureTimestamp`], [`QueryError::KeyMismatch`], [`QueryError::NotCaptured`], and [`QueryError::Database`].
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

    /// A row as it is now. No clock is compared with the changes: the newest one counts, even where it was recorded at a time that
    /// a clock has not reached yet.
    ///
    /// # Errors
    /// As [`as_of`](Self::as_of), except that now is never in the future.
    pub async fn as_of_now<C, V>(
        &self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl IntoIterator<Item = (C, V)>,
    ) -> Result<AsOf, QueryError>
    where
        C: Into<String>,
        V: ToString,
    {
        self.snapshot().await?.as_of_now(scope, table, key).await
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
        self.0.as_of(scope, &table.into(), &row_key(key), Some(at)).await
    }

    /// As [`AuditTrail::as_of_now`].
    ///
    /// # Errors
    /// The same.
    pub async fn as_of_now<C, V>(
        &mut self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl IntoIterator<Item = (C, V)>,
    ) -> Result<AsOf, QueryError>
    where
        C: Into<String>,
        V: ToString,
    {
        self.0.as_of(scope, &table.into(), &row_key(key), None).await
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
        let before = self.0.as_of(scope, &table, &key, Some(one.min(other))).await?;
        let after = self.0.as_of(scope, &table, &key, Some(one.max(other))).await?;
        let fields = between(before.row(), after.row());
        Ok(Comparison { before, after, fields })
    }
}
