//! Bounded results: pages and counts.

use chrono::{DateTime, Utc};

use super::cursor::Cursor;

/// A part of an ordered list, newest first, with the cursors of its neighbours.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page<T> {
    /// The entries, newest first.
    pub entries: Vec<T>,
    /// The cursor from which newer entries begin; none if there are no newer ones.
    pub newer: Option<Cursor>,
    /// The cursor from which older entries begin; none if there are no older ones.
    pub older: Option<Cursor>,
    /// The moment up to which the trail was searched, if the page is truncated because the search took longer than one page may
    /// take. The next page in the direction of reading goes on from there.
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
    /// The cap, where there are more changes than that.
    Truncated(usize),
}
