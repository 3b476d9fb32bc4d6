//! Bounded results: pages and counts.

use chrono::{DateTime, Utc};

use super::cursor::Cursor;

/// A page of an ordered list, newest first, with the cursors of the pages before and after it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page<T> {
    /// The entries, newest first.
    pub entries: Vec<T>,
    /// The cursor for [`Position::NewerThan`](crate::query::Position::NewerThan); `None` if there are no newer entries.
    pub newer: Option<Cursor>,
    /// The cursor for [`Position::OlderThan`](crate::query::Position::OlderThan); `None` if there are no older entries.
    pub older: Option<Cursor>,
    /// The moment up to which the trail was searched, if the search took longer than the search time that
    /// [`AuditTrail::search_time`](crate::AuditTrail::search_time) sets; `None` if the page is complete. The page may then have
    /// fewer entries than asked for, and the next page continues the search from that moment.
    pub truncated_at: Option<DateTime<Utc>>,
}

impl<T> Page<T> {
    /// Replaces each entry.
    pub(in crate::query) fn map<U>(self, replace: impl FnMut(T) -> U) -> Page<U> {
        let Self { entries, newer, older, truncated_at } = self;
        Page { entries: entries.into_iter().map(replace).collect(), newer, older, truncated_at }
    }
}

/// A number of changes, counted up to a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// The exact number.
    Exact(usize),
    /// The cap, if there are more changes than that.
    Truncated(usize),
}
