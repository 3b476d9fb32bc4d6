//! A row as of a moment, and the difference between two moments.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::change::RowImage;
use super::field_change::{FieldChange, Values, between};
use super::possible_removal::PossibleRemoval;
use super::timeline_entry::TimelineEntry;

/// A row as of a moment, as far as the trail knows it.
#[derive(Debug, Clone)]
pub enum AsOf {
    /// The row existed, as it was after this change. The capture policy says which columns are stored.
    Present(TimelineEntry),
    /// The row existed after this change, and may have been removed since by an event that no trigger recorded completely.
    Uncertain {
        /// The last change of the row.
        entry: TimelineEntry,
        /// The events that may have removed it; never empty.
        causes: Vec<PossibleRemoval>,
    },
    /// This change had deleted the row, or emptied the table.
    Deleted(TimelineEntry),
    /// This change had given the row another key, under which its history continues. No row had the key any more.
    Moved(TimelineEntry),
    /// No change of the row is recorded at that moment or before: the row did not exist yet, or was not captured yet.
    BeforeHorizon,
}

/// An error of [`AsOf::cast`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CastError {
    /// The row had been deleted.
    #[error("the row had been deleted")]
    Deleted,
    /// The row had been given another key.
    #[error("the row had been given another key")]
    Moved,
    /// The row may have been removed.
    #[error("the row may have been removed: {cause}")]
    Uncertain {
        /// The first event that may have removed it.
        cause: String,
    },
    /// No change of the row is recorded at that moment or before.
    #[error("the trail begins later for this row")]
    BeforeHorizon,
    /// The stored row does not fit the type.
    #[error("the stored row is no {type_name}: {source}")]
    Mismatch {
        /// The name of the type.
        type_name: &'static str,
        /// The error of the deserialiser.
        source: serde_json::Error,
    },
}

/// A row as of two moments, and the difference field by field.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The row as of the earlier moment.
    pub before: AsOf,
    /// The row as of the later moment.
    pub after: AsOf,
    /// The fields that differ, by name.
    pub fields: Vec<FieldChange>,
}

impl Comparison {
    /// Compares two states of a row, such as one that [`as_of`](crate::query::Snapshot::as_of) returned and the present one. States
    /// after the same change do not differ.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::Comparison;
    ///
    /// let (scope, yesterday) = (Scope::unscoped(), chrono::Utc::now() - chrono::TimeDelta::days(1));
    /// let mut snapshot = trail.snapshot().await?;
    /// let then = snapshot.as_of(&scope, "tickets", [("id", 4711)], yesterday).await?;
    /// let now = snapshot.as_of_now(&scope, "tickets", [("id", 4711)]).await?;
    /// println!("{} fields differ", Comparison::new(then, now).fields.len());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(before: AsOf, after: AsOf) -> Self {
        let is_same = match (&before, &after) {
            (
                AsOf::Present(one) | AsOf::Uncertain { entry: one, .. },
                AsOf::Present(other) | AsOf::Uncertain { entry: other, .. },
            ) => one.change.id == other.change.id,
            _ => false,
        };
        let fields = if is_same { Vec::new() } else { between(before.values(), after.values()) };
        Self { before, after, fields }
    }
}

impl AsOf {
    /// Returns the columns of the row if it existed or may have existed, and `None` otherwise. Columns that the snapshot's limits
    /// [shorten](crate::query::Change::shortened) are not among them.
    #[must_use]
    pub const fn row(&self) -> Option<&RowImage> {
        match self {
            Self::Present(entry) | Self::Uncertain { entry, .. } => entry.change.after.as_ref(),
            Self::Deleted(_) | Self::Moved(_) | Self::BeforeHorizon => None,
        }
    }

    /// Returns the change that determines the state of the row; `None` for [`AsOf::BeforeHorizon`].
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

    /// Returns every column of the row, sorted by name, in the form of an insert of the row. The list is empty if the row did
    /// not exist.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldChange> {
        between(Values::NONE, self.values())
    }

    /// Returns the columns of the row, shortened ones included, if it existed or may have existed.
    pub(in crate::query) fn values(&self) -> Values<'_> {
        match self {
            Self::Present(entry) | Self::Uncertain { entry, .. } => entry.change.values_after(),
            Self::Deleted(_) | Self::Moved(_) | Self::BeforeHorizon => Values::NONE,
        }
    }

    /// Deserialises the row into a type of the application. Columns without a field in the type are ignored.
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
    /// [`CastError::Deleted`], [`CastError::Moved`] and [`CastError::BeforeHorizon`] if there is no row,
    /// [`CastError::Uncertain`] if it may have been removed, and [`CastError::Mismatch`] if it does not fit the type.
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
