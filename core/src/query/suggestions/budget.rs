//! The time of an explanation: the search time of a page for all of its statements together.

use std::time::Instant;

use crate::query::engine::criteria::Criteria;
use crate::query::engine::scan::Found;
use crate::query::engine::snapshot::{Snapshot, TimeLimit};
use crate::query::engine::window_scan::ChangeRow;
use crate::query::model::cursor::Position;
use crate::query::model::error::QueryError;
use crate::query::model::page::Count;
use crate::query::model::transaction_record::TransactionRecord;
use crate::query::model::value_limits::ValueLimits;

/// Counting stops here: whoever chooses between conditions needs the order of magnitude.
const MAX_COUNTED: usize = 100;

/// Runs queries of the budget's snapshot within the time that is left. Evaluates to none if it ends before.
macro_rules! within {
    ($budget:expr, $queries:expr) => {
        match $budget.begin().await? {
            None => None,
            Some(limit) => {
                let result = $queries.await;
                $budget.finish(limit, result).await?
            }
        }
    };
}
pub(super) use within;

/// A snapshot whose statements together have the search time of a page, and read the values of small rows only.
#[derive(Debug)]
pub(super) struct Budget<'s, 'a> {
    pub(super) snapshot: &'s mut Snapshot<'a>,
    deadline: Option<Instant>,
    /// True if the time ended before a question was answered.
    pub(super) is_spent: bool,
    previous_limits: Option<ValueLimits>,
    /// The newest transactions that the scope shows, once they have been read.
    pub(super) transactions: Option<Vec<TransactionRecord>>,
}

impl<'s, 'a> Budget<'s, 'a> {
    pub(super) fn new(snapshot: &'s mut Snapshot<'a>) -> Self {
        let deadline = Instant::now().checked_add(snapshot.search_time());
        let previous_limits = snapshot.value_limits.replace(ValueLimits::SMALL_ROWS);
        Self { snapshot, deadline, is_spent: false, previous_limits, transactions: None }
    }

    /// Gives the snapshot back as it was, and returns whether the time has ended.
    pub(super) fn end(self) -> bool {
        self.snapshot.value_limits = self.previous_limits;
        self.is_spent
    }

    /// Returns whether the time has ended, and remembers it.
    pub(super) fn is_over(&mut self) -> bool {
        self.is_spent |= self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        self.is_spent
    }

    /// Begins queries that have the time that is left; none if there is none.
    pub(super) async fn begin(&mut self) -> Result<Option<TimeLimit>, QueryError> {
        if self.is_over() {
            return Ok(None);
        }
        Ok(Some(self.snapshot.begin_deadline(self.deadline).await?))
    }

    /// Ends the queries of [`begin`](Self::begin). Returns none if the time ended before them.
    pub(super) async fn finish<T>(
        &mut self,
        limit: TimeLimit,
        result: Result<T, QueryError>,
    ) -> Result<Option<T>, QueryError> {
        let result = self.snapshot.end_time_limit(limit, result).await?;
        self.is_spent |= result.is_none();
        Ok(result)
    }

    /// Counts the changes that meet the criteria, up to a cap.
    pub(super) async fn count(&mut self, criteria: Criteria<'_>) -> Result<Option<Count>, QueryError> {
        let count = within!(self, self.snapshot.count_matches(criteria, Position::Newest, MAX_COUNTED + 1));
        Ok(count.map(|count| match count > MAX_COUNTED {
            true => Count::Truncated(MAX_COUNTED),
            false => Count::Exact(count),
        }))
    }

    /// Returns the newest changes that meet the criteria, at most `limit`. Returns none if the time ends before they are found.
    pub(super) async fn newest(
        &mut self,
        criteria: Criteria<'_>,
        limit: usize,
    ) -> Result<Option<Vec<ChangeRow>>, QueryError> {
        let found = within!(self, self.snapshot.find(criteria, Position::Newest, limit));
        let is_stopped = |found: &Found| found.truncated_at.is_some() && found.rows.is_empty();
        self.is_spent |= found.as_ref().is_some_and(is_stopped);
        Ok(found.filter(|found| !is_stopped(found)).map(|found| found.rows))
    }
}
