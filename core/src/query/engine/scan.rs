//! Finding changes: chooses between the access paths, and limits how long a page may search.

use std::time::{Duration, Instant};

use super::criteria::Criteria;
use super::search_parts::SearchParts;
use super::snapshot::Snapshot;
use super::thresholds::SLOW_WINDOW;
use super::via_transactions::{Matches, via_transactions};
use super::window_scan::{ChangeRow, sort_and_truncate};
use crate::Scope;
use crate::query::model::cursor::{Cursor, Position};
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;
use crate::query::model::operation::Operation;

/// The changes that were found within the search time.
#[derive(Debug, Default)]
pub(in crate::query) struct Found {
    pub(in crate::query) rows: Vec<ChangeRow>,
    /// The cursor up to which the trail was searched, if the search time ended before the search.
    pub(in crate::query) truncated_at: Option<Cursor>,
}

impl Snapshot<'_> {
    /// Finds the first `limit` changes from this position on, in its direction.
    pub(in crate::query) async fn find_all(
        &mut self,
        criteria: Criteria<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Vec<ChangeRow>, QueryError> {
        Ok(self.find_within(Duration::MAX, criteria, position, limit).await?.rows)
    }

    /// Finds like [`find_all`](Self::find_all), within the search time of a page.
    pub(in crate::query) async fn find(
        &mut self,
        criteria: Criteria<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Found, QueryError> {
        self.find_within(self.search_time(), criteria, position, limit).await
    }

    /// Returns whether there is a change from this position on, or may be one: the search time may end before the search.
    pub(in crate::query) async fn may_exist(
        &mut self,
        criteria: Criteria<'_>,
        position: Position,
    ) -> Result<bool, QueryError> {
        let Found { rows, truncated_at } = self.find(criteria, position, 1).await?;
        Ok(!rows.is_empty() || truncated_at.is_some())
    }

    /// Counts the changes from this position on, no further than `limit`.
    pub(in crate::query) async fn count_matches(
        &mut self,
        criteria: Criteria<'_>,
        position: Position,
        limit: usize,
    ) -> Result<usize, QueryError> {
        if criteria.is_unsatisfiable() {
            return Ok(0);
        }
        self.detect_value_index(criteria).await?;
        match self.find_via_transactions(criteria, position, limit, Matches::Count(0)).await? {
            Some(matches) => Ok(matches.count()),
            None => self.count_in_parts(criteria, position, limit).await,
        }
    }

    /// Finds changes through their transactions; none if reading by time is cheaper. Transactions may have any number of changes, so a
    /// search for a value continues by time after half of the search time.
    async fn find_via_transactions(
        &mut self,
        criteria: Criteria<'_>,
        position: Position,
        limit: usize,
        matches: Matches,
    ) -> Result<Option<Matches>, QueryError> {
        if criteria.filter.value.is_none() || !criteria.filter.has_transaction_conditions() {
            return via_transactions(self, criteria, position, limit, matches).await;
        }
        if self.value_index(criteria).is_some() {
            return Ok(None);
        }
        let deadline = Instant::now().checked_add(self.search_time() / 2);
        let time_limit = self.begin_deadline(deadline).await?;
        let found = via_transactions(self, criteria, position, limit, matches).await;
        Ok(self.end_time_limit(time_limit, found).await?.flatten())
    }

    /// Finds like [`find_all`](Self::find_all), within this time. Merges each TRUNCATE of the table into the changes of a row where the
    /// criteria ask for it.
    pub(in crate::query) async fn find_within(
        &mut self,
        time: Duration,
        criteria: Criteria<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Found, QueryError> {
        let mut found = self.find_changes(time, criteria, position, limit).await?;
        let may_be_truncate = criteria.filter.selects_operation(Operation::Truncate);
        if criteria.with_truncates && may_be_truncate && found.truncated_at.is_none() {
            let (scope, filter) = criteria.truncates();
            let truncates = Criteria::new(&scope, &filter);
            found.rows.extend(self.find_changes(Duration::MAX, truncates, position, limit).await?.rows);
            sort_and_truncate(&mut found.rows, position.direction(), limit);
        }
        Ok(found)
    }

    async fn find_changes(
        &mut self,
        time: Duration,
        criteria: Criteria<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Found, QueryError> {
        if criteria.is_unsatisfiable() {
            return Ok(Found::default());
        }
        let (mut rows, start) = (Vec::new(), Instant::now());
        self.detect_value_index(criteria).await?;
        let wanted = Matches::Rows(Vec::new());
        if let Some(matches) = self.find_via_transactions(criteria, position, limit, wanted).await? {
            return Ok(Found { rows: matches.into_rows(), truncated_at: None });
        }
        let mut parts = SearchParts::new(self, criteria, position);
        loop {
            let part_start = Instant::now();
            let Some((position, part)) = parts.next(self).await? else { break };
            rows.extend(self.changes_in_window(criteria, position, part, limit - rows.len()).await?);
            if rows.len() >= limit {
                break;
            }
            if start.elapsed() >= time {
                let truncated_at = parts.cursor();
                // Under a limited scope, the answer must not depend on changes that the scope hides.
                let has_more = criteria.scope.is_limited() || self.has_any_change(parts).await?;
                return Ok(Found { rows, truncated_at: truncated_at.filter(|_| has_more) });
            }
            if part_start.elapsed() >= SLOW_WINDOW {
                parts.keep_width();
            }
        }
        Ok(Found { rows, truncated_at: None })
    }

    /// Returns whether the remaining parts hold any change at all, whatever the criteria.
    async fn has_any_change(&mut self, parts: SearchParts<'_>) -> Result<bool, QueryError> {
        let (scope, filter) = (Scope::unscoped(), Filter::default());
        let any = Criteria::new(&scope, &filter);
        let (position, windows) = parts.remainder();
        for window in windows {
            if !self.changes_in_window(any, position, window, 1).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
