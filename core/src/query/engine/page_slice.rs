//! Keyset pages.

use chrono::{DateTime, Utc};

use super::criteria::Criteria;
use super::scan::Found;
use super::snapshot::Snapshot;
use crate::query::model::cursor::{Cursor, Direction, Position};
use crate::query::model::error::QueryError;
use crate::query::model::page::Page;
use crate::query::model::timeline_entry::TimelineEntry;

/// The entries of a page, newest first, and what they tell of its neighbours.
///
/// One entry more than fits is read, to learn whether there is a next page.
#[derive(Debug)]
pub(in crate::query) struct PageSlice<T> {
    entries: Vec<T>,
    /// The cursor of the next page in the direction of reading.
    next: Option<Cursor>,
    truncated_at: Option<DateTime<Utc>>,
    /// The position from which to look for a previous page. The entry at the cursor itself may be gone.
    pub(in crate::query) previous: Option<Position>,
}

impl<T> PageSlice<T> {
    /// Cuts a page from entries that were read from this position on, in its direction.
    pub(in crate::query) fn new(
        mut entries: Vec<T>,
        position: Position,
        size: usize,
        cursor_of: impl Fn(&T) -> Cursor,
    ) -> Self {
        let has_next = entries.len() > size;
        entries.truncate(size);
        if position.direction() == Direction::Newer {
            entries.reverse();
        }
        let (first, last) = (entries.first().map(&cursor_of), entries.last().map(&cursor_of));
        let (next, previous) = match position {
            Position::Newest => (last, None),
            Position::OlderThan(cursor) => (last, Some(Position::NewerThan(first.unwrap_or(cursor)))),
            Position::NewerThan(cursor) => (first, Some(Position::OlderThan(last.unwrap_or(cursor)))),
        };
        Self { entries, next: next.filter(|_| has_next), truncated_at: None, previous }
    }

    /// Sets the cursor of the next page, if there is one, for entries that are more than one change.
    pub(in crate::query) fn with_next(self, next: Option<Cursor>) -> Self {
        Self { next: self.next.and(next), ..self }
    }

    /// Marks the page as truncated at this cursor, after which the next page begins.
    pub(in crate::query) fn truncated(self, at: Cursor) -> Self {
        Self { next: Some(at), truncated_at: Some(at.captured_at), ..self }
    }

    /// Returns the page, given whether there is a previous one.
    pub(in crate::query) fn into_page(self, has_previous: bool) -> Page<T> {
        let Self { entries, next, truncated_at, previous } = self;
        let (newer, older) = match previous {
            None | Some(Position::Newest) => (None, next),
            Some(Position::NewerThan(edge)) => (has_previous.then_some(edge), next),
            Some(Position::OlderThan(edge)) => (next, has_previous.then_some(edge)),
        };
        Page { entries, newer, older, truncated_at }
    }
}

impl Snapshot<'_> {
    /// Returns a page of at most `size` entries.
    pub(in crate::query) async fn page(
        &mut self,
        criteria: Criteria<'_>,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let Found { rows, truncated_at } = self.find(criteria, position, size.saturating_add(1)).await?;
        let slice = PageSlice::new(rows, position, size, |row| row.change.cursor());
        let slice = truncated_at.into_iter().fold(slice, PageSlice::truncated);
        let has_previous = match slice.previous {
            // The search took long enough, and a reader comes to such a page from the previous one.
            Some(_) if truncated_at.is_some() => true,
            Some(previous) => self.may_exist(criteria, previous).await?,
            None => false,
        };
        let Page { entries, newer, older, truncated_at } = slice.into_page(has_previous);
        Ok(Page { entries: self.load_entries(entries).await?, newer, older, truncated_at })
    }
}
