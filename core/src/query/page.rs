//! Keyset pages over the changes.

use super::conditions::Selection;
use super::reader::Reader;
use super::{Cursor, Position, QueryError, TimelineEntry};

/// A part of an ordered list, newest first, with the places where its neighbours begin.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The entries, newest first.
    pub entries: Vec<T>,
    /// Where newer entries begin; none when there are none.
    pub newer: Option<Cursor>,
    /// Where older entries begin; none when there are none.
    pub older: Option<Cursor>,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub(super) fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        let Self { entries, newer, older } = self;
        Page { entries: entries.into_iter().map(change).collect(), newer, older }
    }
}

/// What was read for a page, one entry more than fits, and what it tells of the neighbours.
#[derive(Debug)]
pub(super) struct Cut<T> {
    entries: Vec<T>,
    onward: Option<Cursor>,
    /// Where to look whether there is anything on the way back: the entry that the cursor came from may be gone.
    pub(super) back: Option<Position>,
}

impl<T> Cut<T> {
    /// Cuts what was read from this position on, in the direction in which one goes from there.
    pub(super) fn of(
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
        Self { entries, onward: onward.filter(|_| goes_on), back }
    }

    /// The page, now that it is known whether there is anything on the way back.
    pub(super) fn page(self, is_anything_back: bool) -> Page<T> {
        let Self { entries, onward, back } = self;
        let (newer, older) = match back {
            None | Some(Position::Newest) => (None, onward),
            Some(Position::NewerThan(edge)) => (is_anything_back.then_some(edge), onward),
            Some(Position::OlderThan(edge)) => (onward, is_anything_back.then_some(edge)),
        };
        Page { entries, newer, older }
    }
}

impl Reader<'_> {
    /// One page of at most `size` entries.
    pub(super) async fn page(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let found = self.changes(selection, position, size.saturating_add(1)).await?;
        let cut = Cut::of(found, position, size, |found| found.change.cursor());
        let is_anything_back = match cut.back {
            Some(back) => self.has(selection, back).await?,
            None => false,
        };
        let Page { entries, newer, older } = cut.page(is_anything_back);
        Ok(Page { entries: self.entries(entries).await?, newer, older })
    }
}
