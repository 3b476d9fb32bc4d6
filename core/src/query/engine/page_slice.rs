//! Keyset pages over the changes.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::query::engine::reader::Reader;
use crate::query::engine::scan::Search;
use crate::query::engine::where_clause::Selection;
use crate::query::{Cursor, Position, QueryError, TimelineEntry};

/// A part of an ordered list, newest first, with the places where its neighbours begin.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The entries, newest first.
    pub entries: Vec<T>,
    /// Where newer entries begin; none when there are none.
    pub newer: Option<Cursor>,
    /// Where older entries begin; none when there are none.
    pub older: Option<Cursor>,
    /// Where looking stopped, when it took longer than one page may take: nothing more was found up to this moment, and
    /// `older` (going up, `newer`) goes on from there.
    pub truncated_at: Option<DateTime<Utc>>,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub(in crate::query) fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        let Self { entries, newer, older, truncated_at } = self;
        Page { entries: entries.into_iter().map(change).collect(), newer, older, truncated_at }
    }
}

/// What was read for a page, one entry more than fits, and what it tells of the neighbours.
#[derive(Debug)]
pub(in crate::query) struct Cut<T> {
    entries: Vec<T>,
    onward: Option<Cursor>,
    truncated_at: Option<DateTime<Utc>>,
    /// Where to look whether there is anything on the way back: the entry that the cursor came from may be gone.
    pub(in crate::query) back: Option<Position>,
}

impl<T> Cut<T> {
    /// Cuts what was read from this position on, in the direction in which one goes from there.
    pub(in crate::query) fn of(
        mut entries: Vec<T>,
        position: Position,
        size: usize,
        place: impl Fn(&T) -> Cursor,
    ) -> Self {
        let goes_on = entries.len() > size;
        entries.truncate(size);
        if matches!(position, Position::NewerThan(_)) {
            entries.reverse();
        }
        let (first, last) = (entries.first().map(&place), entries.last().map(&place));
        let (onward, back) = match position {
            Position::Newest => (last, None),
            Position::OlderThan(cursor) => (last, Some(Position::NewerThan(first.unwrap_or(cursor)))),
            Position::NewerThan(cursor) => (first, Some(Position::OlderThan(last.unwrap_or(cursor)))),
        };
        Self { entries, onward: onward.filter(|_| goes_on), truncated_at: None, back }
    }

    /// Says where looking stopped. Every id is greater than this one, so the way on begins with that very moment, and the way
    /// back was just gone.
    fn stopped(self, at: DateTime<Utc>) -> Self {
        let onward = Some(Cursor { captured_at: at, id: Uuid::nil() });
        Self { onward, truncated_at: Some(at), ..self }
    }

    /// The page, now that it is known whether there is anything on the way back.
    pub(in crate::query) fn page(self, is_anything_back: bool) -> Page<T> {
        let Self { entries, onward, truncated_at, back } = self;
        let (newer, older) = match back {
            None | Some(Position::Newest) => (None, onward),
            Some(Position::NewerThan(edge)) => (is_anything_back.then_some(edge), onward),
            Some(Position::OlderThan(edge)) => (onward, is_anything_back.then_some(edge)),
        };
        Page { entries, newer, older, truncated_at }
    }
}

impl Reader<'_> {
    /// One page of at most `size` entries.
    pub(in crate::query) async fn page(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let Search { found, truncated_at } = self.search(selection, position, size.saturating_add(1)).await?;
        let cut = Cut::of(found, position, size, |found| found.change.cursor());
        let cut = truncated_at.into_iter().fold(cut, Cut::stopped);
        let is_anything_back = match cut.back {
            // It took long enough; whoever comes to such a page comes from there.
            Some(_) if truncated_at.is_some() => true,
            Some(back) => self.has(selection, back).await?,
            None => false,
        };
        let Page { entries, newer, older, truncated_at } = cut.page(is_anything_back);
        Ok(Page { entries: self.entries(entries).await?, newer, older, truncated_at })
    }
}
