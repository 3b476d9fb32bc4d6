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

impl Reader<'_> {
    /// One page of at most `size` entries. One more is read to learn whether the list goes on; the other direction is
    /// probed, because the entry that the cursor came from may be gone.
    pub(super) async fn page(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let mut found = self.changes(selection, position, size.saturating_add(1)).await?;
        let goes_on = found.len() > size;
        found.truncate(size);
        if matches!(position, Position::NewerThan(_)) {
            found.reverse();
        }
        let first = found.first().map(|found| found.change.cursor());
        let last = found.last().map(|found| found.change.cursor());
        let (newer, older) = match position {
            Position::Newest => (None, last.filter(|_| goes_on)),
            Position::OlderThan(cursor) => {
                let edge = first.unwrap_or(cursor);
                let newer = self.has(selection, Position::NewerThan(edge)).await?;
                (newer.then_some(edge), last.filter(|_| goes_on))
            }
            Position::NewerThan(cursor) => {
                let edge = last.unwrap_or(cursor);
                let older = self.has(selection, Position::OlderThan(edge)).await?;
                (first.filter(|_| goes_on), older.then_some(edge))
            }
        };
        Ok(Page { entries: self.entries(found).await?, newer, older })
    }
}
