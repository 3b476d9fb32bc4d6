//! Positions in the order of changes.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::timestamp::Timestamp;
use crate::InvalidParameter;

/// A position in the order `(captured_at, id)`, written as `<microseconds since 1970>-<id>`. It stays valid while rows are
/// added, and after the row itself was purged.
///
/// ```
/// use threadline::query::Cursor;
///
/// let cursor: Cursor = "1795339267000000-0193c2aa00007000800000000000008d".parse()?;
/// assert_eq!(cursor.to_string(), "1795339267000000-0193c2aa00007000800000000000008d");
/// # Ok::<(), threadline::InvalidParameter>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(in crate::query) captured_at: DateTime<Utc>,
    pub(in crate::query) id: Uuid,
}

impl Cursor {
    /// The cursor before every change. [`Position::NewerThan`] this cursor is the page with the oldest changes.
    pub const OLDEST: Self = Self { captured_at: DateTime::UNIX_EPOCH, id: Uuid::nil() };

    /// Returns when the change of the cursor was captured.
    #[must_use]
    pub const fn captured_at(&self) -> DateTime<Utc> {
        self.captured_at
    }

    /// Returns the cursor next to this one against a direction: a page after it in that direction begins with this cursor's change.
    pub(in crate::query) fn just_before(self, direction: Direction) -> Self {
        let Self { captured_at, id } = self;
        let (next_id, step, first_id) = match direction {
            Direction::Older => (id.as_u128().checked_add(1), 1, Uuid::nil()),
            Direction::Newer => (id.as_u128().checked_sub(1), -1, Uuid::max()),
        };
        match next_id {
            Some(id) => Self { captured_at, id: Uuid::from_u128(id) },
            None => Self { captured_at: captured_at + TimeDelta::microseconds(step), id: first_id },
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.captured_at.timestamp_micros(), self.id.simple())
    }
}

impl FromStr for Cursor {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        let parse = || {
            let (micros, id) = text.split_once('-')?;
            let captured_at = Timestamp::from_micros(micros.parse().ok()?)?;
            Some(Self { captured_at, id: Uuid::try_parse(id).ok()? })
        };
        parse().ok_or_else(|| InvalidParameter::new("cursor", text, "a link from the page itself"))
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The direction in which changes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Towards older changes.
    Older,
    /// Towards newer changes.
    Newer,
}

impl Direction {
    /// Returns the order of rows that are read in this direction.
    pub(in crate::query) const fn order(self) -> &'static str {
        match self {
            Self::Older => "DESC",
            Self::Newer => "ASC",
        }
    }

    /// Returns the comparison of a row with a row that was read before.
    pub(in crate::query) const fn comparison(self) -> &'static str {
        match self {
            Self::Older => "<",
            Self::Newer => ">",
        }
    }
}

/// The position at which a page begins. A page is newest first in either direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Position {
    /// The newest change.
    #[default]
    Newest,
    /// The newest change that is older than this cursor, as [`Page::older`](crate::query::Page::older) returns it.
    OlderThan(Cursor),
    /// The oldest change that is newer than this cursor, as [`Page::newer`](crate::query::Page::newer) returns it.
    NewerThan(Cursor),
}

impl Position {
    /// Returns the position just after the cursor in this direction.
    #[must_use]
    pub const fn after(direction: Direction, cursor: Cursor) -> Self {
        match direction {
            Direction::Older => Self::OlderThan(cursor),
            Direction::Newer => Self::NewerThan(cursor),
        }
    }

    /// Returns the direction in which a page is read from this position.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Newest | Self::OlderThan(_) => Direction::Older,
            Self::NewerThan(_) => Direction::Newer,
        }
    }

    /// Returns the cursor, unless the page begins at the newest change.
    #[must_use]
    pub const fn cursor(self) -> Option<Cursor> {
        match self {
            Self::Newest => None,
            Self::OlderThan(cursor) | Self::NewerThan(cursor) => Some(cursor),
        }
    }

    /// Returns the position as a pair of a URL's query, which [`Filter::from_pairs`](crate::query::Filter::from_pairs) reads.
    /// Returns `None` for [`Position::Newest`].
    #[must_use]
    pub fn to_pair(self) -> Option<(&'static str, String)> {
        let name = match self.direction() {
            Direction::Older => "older",
            Direction::Newer => "newer",
        };
        Some((name, self.cursor()?.to_string()))
    }
}
