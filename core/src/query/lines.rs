//! The timeline in lines: each change is a line, and a large transaction is one line, whatever its number of changes.

use std::collections::HashMap;
use std::time::Instant;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::engine::criteria::Criteria;
use super::engine::page_slice::PageSlice;
use super::engine::scan::Found;
use super::engine::snapshot::Snapshot;
use super::engine::window_scan::ChangeRow;
use super::model::change::Change;
use super::model::cursor::{Cursor, Position};
use super::model::error::QueryError;
use super::model::filter::Filter;
use super::model::operation::Operation;
use super::model::page::{Count, Page};
use super::model::timeline_entry::TimelineEntry;
use super::model::transaction_record::TransactionRecord;
use crate::{Scope, TableName};

/// The changes of one transaction that are lines of their own, as many as are seen at a glance. A transaction with more of them on a
/// page is one line.
const MAX_LINES_OF_TRANSACTION: usize = 10;
/// The number of changes of a large transaction up to which they are counted.
const MAX_COUNTED: usize = 10_000;
/// The number of changes that are counted for all lines of a page together: each reads a row of the table.
const MAX_COUNTED_OF_PAGE: usize = 50_000;

/// A line of the timeline.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TimelineLine {
    /// One change.
    Change(Box<TimelineEntry>),
    /// The changes of a large transaction.
    Transaction(Box<LargeTransaction>),
}

impl TimelineLine {
    /// Returns the transaction.
    #[must_use]
    pub const fn transaction(&self) -> &TransactionRecord {
        match self {
            Self::Change(entry) => &entry.transaction,
            Self::Transaction(large) => &large.transaction,
        }
    }

    /// Returns when the change was captured, or the newest one of a large transaction.
    #[must_use]
    pub const fn captured_at(&self) -> DateTime<Utc> {
        match self {
            Self::Change(entry) => entry.change.captured_at,
            Self::Transaction(large) => large.example.captured_at,
        }
    }

    /// Returns the table of the change, or of the newest change of a large transaction.
    #[must_use]
    pub const fn table(&self) -> &TableName {
        match self {
            Self::Change(entry) => &entry.change.table,
            Self::Transaction(large) => &large.example.table,
        }
    }

    /// Returns the change, for a line that is one.
    #[must_use]
    pub const fn change_mut(&mut self) -> Option<&mut Change> {
        match self {
            Self::Change(entry) => Some(&mut entry.change),
            Self::Transaction(_) => None,
        }
    }

    /// Returns the number of changes that match.
    #[must_use]
    pub fn count(&self) -> Count {
        match self {
            Self::Change(_) => Count::Exact(1),
            Self::Transaction(large) => large.count(),
        }
    }

    /// Returns the number of changes of several lines.
    #[must_use]
    pub fn count_all(lines: &[Self]) -> Count {
        lines.iter().map(Self::count).fold(Count::Exact(0), |sum, count| match (sum, count) {
            (Count::Exact(sum), Count::Exact(count)) => Count::Exact(sum + count),
            (Count::Exact(sum) | Count::Truncated(sum), Count::Exact(count) | Count::Truncated(count)) => {
                Count::Truncated(sum + count)
            }
        })
    }
}

/// A transaction with many changes that match a filter.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LargeTransaction {
    /// The transaction.
    pub transaction: TransactionRecord,
    /// One of its changes that match: the first one in the direction in which the page was read.
    pub example: Change,
    /// The number of changes that match, by table and operation, the largest first.
    pub counts: Vec<(TableName, Operation, usize)>,
    /// True if there may be more changes than were counted.
    pub truncated: bool,
}

impl LargeTransaction {
    /// Returns the number of changes that match.
    #[must_use]
    pub fn count(&self) -> Count {
        let count = self.counts.iter().map(|(_, _, count)| count).sum();
        if self.truncated { Count::Truncated(count) } else { Count::Exact(count) }
    }
}

impl Snapshot<'_> {
    /// Returns a page of at most `size` lines of the timeline, newest first. A transaction with more than ten changes on the page is
    /// one line, and its other changes are on no later page, unless changes of other transactions were recorded between them.
    ///
    /// The page may have fewer lines if the search takes longer than the [search time](crate::AuditTrail::search_time); see
    /// [`Page::truncated_at`].
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::{Filter, Position, TimelineLine};
    ///
    /// let (scope, filter) = (Scope::unscoped(), Filter::default());
    /// let page = trail.snapshot().await?.timeline_lines(&scope, &filter, Position::Newest, 50).await?;
    /// for line in &page.entries {
    ///     match line {
    ///         TimelineLine::Change(entry) => println!("{} {}", entry.change.operation, entry.change.key),
    ///         TimelineLine::Transaction(large) => println!("{:?} changes", large.count()),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`timeline_page`](Self::timeline_page).
    pub async fn timeline_lines(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineLine>, QueryError> {
        let criteria = Criteria::new(scope, filter);
        let (lines, truncated_at) = self.find_lines(criteria, position, size.saturating_add(1)).await?;
        if lines.is_empty() && filter.key.is_some() {
            self.check_key(criteria).await?;
        }
        // The changes of a large transaction that is the last line were not all read, so the next page begins at the next line.
        let direction = position.direction();
        let next = lines.get(size).map(|line| line.first.change.cursor().just_before(direction));
        let slice = PageSlice::new(lines, position, size, |line| line.first.change.cursor()).with_next(next);
        let slice = truncated_at.into_iter().fold(slice, PageSlice::truncated);
        let has_previous = match slice.previous {
            Some(_) if truncated_at.is_some() => true,
            Some(previous) => self.may_exist(criteria, previous).await?,
            None => false,
        };
        let Page { entries: lines, newer, older, truncated_at } = slice.into_page(has_previous);
        Ok(Page { entries: self.load_lines(criteria, lines).await?, newer, older, truncated_at })
    }

    /// Finds the first `limit` lines within the search time of a page.
    async fn find_lines(
        &mut self,
        criteria: Criteria<'_>,
        position: Position,
        limit: usize,
    ) -> Result<(Vec<Line>, Option<Cursor>), QueryError> {
        let mut lines = Lines::default();
        let (mut position, start) = (position, Instant::now());
        loop {
            let large = lines.large.clone();
            let rest = Criteria { without_transactions: &large, ..criteria };
            // Enough to find the next lines, and to see that the last transaction is large.
            let batch = limit.saturating_sub(lines.lines.len()) + MAX_LINES_OF_TRANSACTION;
            let time = self.search_time().saturating_sub(start.elapsed());
            let Found { rows, truncated_at } = self.find_within(time, rest, position, batch).await?;
            let is_complete = rows.len() < batch;
            if let Some(last) = rows.last() {
                position = Position::after(position.direction(), last.change.cursor());
            }
            for row in rows {
                lines.push(row);
            }
            if is_complete || lines.lines.len() >= limit {
                lines.lines.truncate(limit);
                return Ok((lines.lines, truncated_at));
            }
        }
    }

    async fn load_lines(
        &mut self,
        criteria: Criteria<'_>,
        lines: Vec<Line>,
    ) -> Result<Vec<TimelineLine>, QueryError> {
        let (rows, is_large): (Vec<ChangeRow>, Vec<bool>) =
            lines.into_iter().map(|line| (line.first, line.is_large)).unzip();
        let entries = self.load_entries(rows).await?;
        let large: Vec<TransactionRecord> = entries
            .iter()
            .zip(&is_large)
            .filter(|(_, is_large)| **is_large)
            .map(|(entry, _)| entry.transaction.clone())
            .collect();
        let cap = MAX_COUNTED.min(MAX_COUNTED_OF_PAGE / large.len().max(1));
        // All changes of these transactions meet the conditions on their transaction.
        let filter = criteria.filter.without_transaction_conditions();
        let rows = if large.is_empty() {
            Some(Vec::new())
        } else {
            // The count of a rare value reads all changes of a transaction, which may take too long.
            let time_limit = self.begin_time_limit().await?;
            let rows = self.count_by_table_and_operation(criteria.with_filter(&filter), &large, cap).await;
            self.end_time_limit(time_limit, rows).await?
        };
        let is_counted = rows.is_some();
        let rows = rows.unwrap_or_default();
        let mut counts: HashMap<Uuid, Vec<(TableName, Operation, usize)>> = HashMap::new();
        for (transaction, table, operation, count) in rows {
            counts.entry(transaction).or_default().push((table, operation, count));
        }
        let line = |(entry, is_large): (TimelineEntry, bool)| {
            if !is_large {
                return TimelineLine::Change(Box::new(entry));
            }
            let TimelineEntry { change: example, transaction } = entry;
            if !is_counted {
                let found = (example.table.clone(), example.operation, MAX_LINES_OF_TRANSACTION + 1);
                let (counts, truncated) = (vec![found], true);
                return TimelineLine::Transaction(Box::new(LargeTransaction {
                    transaction,
                    example,
                    counts,
                    truncated,
                }));
            }
            let mut counts = counts.remove(&transaction.id).unwrap_or_default();
            let truncated = counts.iter().map(|(_, _, count)| count).sum::<usize>() > cap;
            if truncated && let Some((_, _, largest)) = counts.first_mut() {
                *largest -= 1;
            }
            TimelineLine::Transaction(Box::new(LargeTransaction { transaction, example, counts, truncated }))
        };
        Ok(entries.into_iter().zip(is_large).map(line).collect())
    }
}

/// A line as it is found.
#[derive(Debug)]
struct Line {
    /// The first change in the direction of reading.
    first: ChangeRow,
    is_large: bool,
}

/// The lines that were found, in the direction of reading.
#[derive(Debug, Default)]
struct Lines {
    lines: Vec<Line>,
    /// The transactions that are one line each.
    large: Vec<Uuid>,
}

impl Lines {
    /// Adds a change, unless its transaction is one line already. If it is one too many of its transaction, that becomes one line.
    fn push(&mut self, row: ChangeRow) {
        let transaction = row.change.transaction_id;
        if self.large.contains(&transaction) {
            return;
        }
        let is_same = |line: &Line| line.first.change.transaction_id == transaction;
        if self.lines.iter().filter(|line| is_same(line)).count() < MAX_LINES_OF_TRANSACTION {
            self.lines.push(Line { first: row, is_large: false });
            return;
        }
        self.large.push(transaction);
        let mut is_first = true;
        self.lines.retain_mut(|line| {
            let is_same = line.first.change.transaction_id == transaction;
            line.is_large |= is_same;
            !is_same || std::mem::take(&mut is_first)
        });
    }
}
