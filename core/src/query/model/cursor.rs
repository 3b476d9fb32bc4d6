//! A place in the total order of changes.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A place in the order `(captured_at, id)`, written as `<microseconds since 1970>-<id>`. It stays valid while rows are
/// added, and after the row itself was purged.
///
/// ```
/// use threadline::query::Cursor;
///
/// let cursor: Cursor = "1795339267000000-0193c2aa00007000800000000000008d".parse()?;
/// assert_eq!(cursor.to_string(), "1795339267000000-0193c2aa00007000800000000000008d");
/// # Ok::<(), threadline::query::InvalidParameter>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(in crate::query) captured_at: DateTime<Utc>,
    pub(in crate::query) id: Uuid,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.captured_at.timestamp_micros(), self.id.simple())
    }
}

impl FromStr for Cursor {
    type Err = crate::query::InvalidParameter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (micros, id) = text.split_once('-')?;
            let captured_at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
            Some(Self { captured_at: in_range(captured_at)?, id: Uuid::try_parse(id).ok()? })
        };
        parse()
            .ok_or_else(|| crate::query::InvalidParameter::new("cursor", text, "a link from the page itself"))
    }
}

/// PostgreSQL's timestamps end in the year 294276, and chrono's start before PostgreSQL's.
pub(in crate::query) fn in_range(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let years = DateTime::from_timestamp(-62_135_596_800, 0)?..DateTime::from_timestamp(253_402_300_800, 0)?;
    years.contains(&time).then_some(time)
}
