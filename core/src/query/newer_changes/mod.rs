//! Changes that have become visible since a page was read, those of transactions that committed late included.
//!
//! Three groups of changes are newer than a mark: those captured after the snapshot; those captured while it was being taken,
//! by transactions that it does not hold; and the earlier ones of the transactions that were open then. The first are found
//! like any newer changes, the second are within milliseconds, and the third are found by the id and the beginning of each
//! transaction.

mod committed_since;
mod open_transactions;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sqlx::{Postgres, QueryBuilder};

use self::committed_since::CommittedSince;
use crate::Scope;
use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::engine::time_windows::TimeWindow;
use crate::query::engine::window_scan::{COUNT, sort_and_truncate};
use crate::query::model::cursor::{Direction, Position};
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;
use crate::query::model::snapshot_mark::SnapshotMark;
use crate::query::model::timeline_entry::TimelineEntry;

/// The number of changes that have become visible since a mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewerCount {
    /// The number of changes, counted up to the cap.
    pub count: usize,
    /// The number of those that were captured before the mark, and whose transactions committed after it. In a list that is
    /// ordered by time, they are further down.
    pub late: usize,
    /// True if there may be more: counting stopped at the cap, or the mark does not hold every transaction that was open.
    pub truncated: bool,
}

/// The changes that have become visible since a mark.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct NewerChanges {
    /// The changes, newest first.
    pub entries: Vec<TimelineEntry>,
    /// True if there may be more: there are more than were asked for, or the mark does not hold every transaction that was
    /// open.
    pub truncated: bool,
}

impl Snapshot<'_> {
    /// Counts the changes that match the filter and have become visible since a mark, up to `cap`. This includes changes with
    /// an earlier time than the mark whose transactions committed after it.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::{Filter, Position};
    ///
    /// let (scope, filter) = (Scope::unscoped(), Filter::default());
    /// let (mut snapshot, mark) = trail.snapshot_with_mark().await?;
    /// let page = snapshot.timeline_page(&scope, &filter, Position::Newest, 50).await?;
    /// drop(snapshot);
    /// // Later.
    /// let newer = trail.snapshot().await?.count_newer(&scope, &filter, &mark, 100).await?;
    /// println!("{} new changes{}", newer.count, if newer.truncated { ", or more" } else { "" });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The count is [truncated](NewerCount::truncated)
    ///
    /// - if the server did not report the beginning of an open transaction, because its session belongs to another role than
    ///   the reader's (without `pg_read_all_stats`) or because it was prepared, and the transaction is not among the 10,000
    ///   that began last before the mark, in the last 31 days;
    /// - always on a replica, which does not report open transactions;
    /// - if it takes longer than the [search time](crate::AuditTrail::search_time) to search the changes that a transaction had
    ///   made before the mark, which then are not counted.
    ///
    /// If the server's clock was set back after the mark, changes with times before the mark are not counted.
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn count_newer(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        since: &SnapshotMark,
        cap: usize,
    ) -> Result<NewerCount, QueryError> {
        let criteria = Criteria::new(scope, filter);
        if criteria.is_unsatisfiable() {
            return Ok(NewerCount::default());
        }
        let limit = cap.saturating_add(1);
        let committed = CommittedSince::find(self, criteria, since).await?;
        let mut is_complete = committed.is_complete;
        let mut sql = QueryBuilder::new(COUNT);
        self.push_captured_meanwhile(&mut sql, criteria, since);
        let mut late = self.fetch_count(sql, limit).await?;
        if late < limit {
            let counted = committed.count(self, criteria, limit - late).await?;
            is_complete &= counted.is_some();
            late += counted.unwrap_or_default();
        }
        let mut count = late;
        if count < limit {
            count += self.count_matches(criteria, Position::NewerThan(since.end()), limit - count).await?;
        }
        Ok(NewerCount { count: count.min(cap), late: late.min(cap), truncated: count > cap || !is_complete })
    }

    /// Returns the changes that match the filter and have become visible since a mark: at most `limit`, newest first. They are
    /// those that [`count_newer`](Self::count_newer) counts, with the same exceptions.
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn newer_changes(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        since: &SnapshotMark,
        limit: usize,
    ) -> Result<NewerChanges, QueryError> {
        let criteria = Criteria::new(scope, filter);
        if criteria.is_unsatisfiable() {
            return Ok(NewerChanges { entries: Vec::new(), truncated: false });
        }
        let wanted = limit.saturating_add(1);
        let committed = CommittedSince::find(self, criteria, since).await?;
        let mut is_complete = committed.is_complete;
        let mut sql = self.select_changes();
        self.push_captured_meanwhile(&mut sql, criteria, since);
        let mut rows = self.fetch_changes(sql, Direction::Older, wanted).await?;
        let late = committed.changes(self, criteria, wanted).await?;
        is_complete &= late.is_some();
        rows.extend(late.unwrap_or_default());
        let later = Filter { from: filter.from.max(after(since.taken_at)), ..filter.clone() };
        rows.extend(self.find_all(criteria.with_filter(&later), Position::Newest, wanted).await?);
        sort_and_truncate(&mut rows, Direction::Older, wanted);
        let truncated = rows.len() > limit || !is_complete;
        rows.truncate(limit);
        Ok(NewerChanges { entries: self.load_entries(rows).await?, truncated })
    }

    /// Pushes the changes `c` that match and were captured while the mark was taken, by transactions that its snapshot does not
    /// hold.
    fn push_captured_meanwhile(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        criteria: Criteria<'_>,
        since: &SnapshotMark,
    ) {
        sql.push(self.fill(" FROM __schema__.audit_changes AS c WHERE "));
        let window = TimeWindow { from: Some(since.listed_at), until: after(since.taken_at), last: None };
        self.where_clause(sql).push(criteria, Position::Newest, window);
        let time = if self.features().has_occurred_at { " AND t.occurred_at = c.occurred_at" } else { "" };
        sql.push(self.fill(&format!(
            " AND EXISTS (SELECT FROM __schema__.audit_transactions AS t WHERE t.id = c.transaction_id{time} AND (t.txid >= "
        )));
        let open: Vec<i64> = since.open.iter().map(|open| open.txid).collect();
        sql.push_bind(since.xmax).push(" OR t.txid = ANY(").push_bind(open).push(")) OFFSET 0)");
    }
}

/// Returns the first moment after this one.
fn after(moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
    moment.checked_add_signed(TimeDelta::microseconds(1))
}
