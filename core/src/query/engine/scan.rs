//! Looking for changes, along the timeline or through an index, for as long as a page may take.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::Scope;
use crate::query::engine::reader::{Found, Reader};
use crate::query::engine::time_windows::Windows;
use crate::query::engine::where_clause::Selection;
use crate::query::{Filter, Operation, Position, QueryError};

/// Where one window takes longer than this, wider ones might end by the statement time-out.
const SLOW: Duration = Duration::from_millis(250);

/// What was found, and where looking stopped if it took too long.
#[derive(Debug, Default)]
pub(in crate::query) struct Search {
    pub(in crate::query) found: Vec<Found>,
    pub(in crate::query) truncated_at: Option<DateTime<Utc>>,
}

impl Reader<'_> {
    /// At most `limit` changes from this position on, in the direction in which one goes from there.
    pub(in crate::query) async fn changes(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Vec<Found>, QueryError> {
        Ok(self.search_for(Duration::MAX, selection, position, limit).await?.found)
    }

    /// The same, as far as it gets in the time that a page may take.
    pub(in crate::query) async fn search(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Search, QueryError> {
        self.search_for(self.search_time(), selection, position, limit).await
    }

    /// Whether there is anything from this position on, or may be.
    pub(in crate::query) async fn has(
        &mut self,
        selection: Selection<'_>,
        position: Position,
    ) -> Result<bool, QueryError> {
        let Search { found, truncated_at } = self.search(selection, position, 1).await?;
        Ok(!found.is_empty() || truncated_at.is_some())
    }

    /// With each TRUNCATE of the table between the changes of a row, where they are asked for.
    async fn search_for(
        &mut self,
        time: Duration,
        selection: Selection<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Search, QueryError> {
        let mut search = self.search_changes(time, selection, position, limit).await?;
        if !selection.with_truncates || search.truncated_at.is_some() {
            return Ok(search);
        }
        let filter = Filter { key: None, operation: Some(Operation::Truncate), ..selection.filter.clone() };
        if selection.filter.operation.is_some_and(|operation| operation != Operation::Truncate) {
            return Ok(search);
        }
        let scope = selection.scope.of_whole_tables();
        let truncates = Selection::new(&scope, &filter);
        let truncates = self.search_changes(Duration::MAX, truncates, position, limit).await?;
        search.found.extend(truncates.found);
        search.found.sort_unstable_by_key(|found| found.change.cursor());
        if !matches!(position, Position::NewerThan(_)) {
            search.found.reverse();
        }
        search.found.truncate(limit);
        Ok(search)
    }

    async fn search_changes(
        &mut self,
        time: Duration,
        selection: Selection<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Search, QueryError> {
        if selection.is_impossible() {
            return Ok(Search::default());
        }
        if let Some(found) = self.changes_by_transaction(selection, position, limit).await? {
            return Ok(Search { found, truncated_at: None });
        }
        let (mut found, began) = (Vec::new(), Instant::now());
        let mut windows = self.windows(selection, position);
        while let Some(window) = windows.next() {
            let asked = Instant::now();
            found.extend(self.changes_within(selection, position, window, limit - found.len()).await?);
            if found.len() >= limit {
                break;
            }
            if began.elapsed() >= time {
                let truncated_at = windows.left_at();
                // A limited scope is not told whether there is anything that it hides.
                let goes_on =
                    selection.scope.is_limited() || self.is_anything_left(position, windows).await?;
                return Ok(Search { found, truncated_at: truncated_at.filter(|_| goes_on) });
            }
            if asked.elapsed() >= SLOW {
                windows.stay();
            }
        }
        Ok(Search { found, truncated_at: None })
    }

    /// Whether the trail holds any change at all in the windows that are left: the search ends with the trail.
    async fn is_anything_left(
        &mut self,
        position: Position,
        mut windows: Windows,
    ) -> Result<bool, QueryError> {
        let Some(window) = windows.rest() else { return Ok(false) };
        let (scope, filter) = (Scope::unscoped(), Filter::default());
        let selection = Selection::new(&scope, &filter);
        Ok(!self.changes_within(selection, position, window, 1).await?.is_empty())
    }
}
