//! What has become visible since a page was read, changes of transactions that committed late included.
//!
//! Three groups of changes are new: those captured after the snapshot; those captured while it was being taken, of transactions
//! that it does not hold; and the earlier ones of the transactions that were open then. The first are found as any newer
//! changes are, the second lie within milliseconds, and the third by the id and the beginning of each transaction.

mod committed_since;
mod open_transactions;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Postgres, QueryBuilder};

use crate::query::engine::reader::{COUNT, Reader};
use crate::query::engine::time_windows::Window;
use crate::query::engine::via_transactions::put_in_order;
use crate::query::engine::where_clause::Selection;
use crate::query::model::snapshot_mark::SnapshotMark;
use crate::query::{Filter, Position, QueryError, Snapshot, TimelineEntry};
use crate::{AuditTrail, Scope};

/// How many changes have become visible since a mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewerCount {
    /// The number of changes, counted no further than the cap.
    pub count: usize,
    /// The number of those among them that were captured before the mark: their transactions committed after it. They stand
    /// further down in a list that is ordered by time.
    pub late: usize,
    /// Whether there may be more: counting stopped at the cap, or the mark does not name every transaction that was open.
    pub truncated: bool,
}

/// Changes that have become visible since a mark.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewerChanges {
    /// The changes, newest first.
    pub entries: Vec<TimelineEntry>,
    /// Whether there may be more: there are more than were asked for, or the mark does not name every transaction that was
    /// open.
    pub truncated: bool,
}

impl AuditTrail {
    /// Counts the changes that match and have become visible since a mark, no further than `cap`: what has happened since a
    /// page was read. A change whose transaction was still open then counts as soon as that has committed, although its time
    /// is earlier.
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
    /// let newer = trail.count_newer(&scope, &filter, &mark, 100).await?;
    /// println!("{} new changes{}", newer.count, if newer.truncated { ", or more" } else { "" });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A transaction of which the server did not tell when it began, because its session belongs to another role than the
    /// reader (without `pg_read_all_stats`) or because it was prepared, is looked for among the 10,000 that began last before
    /// the mark, and not further back than 31 days; should it not be found among so many, the count is
    /// [truncated](NewerCount::truncated). So it always is on a replica, which does not tell what is open. Where the server's
    /// clock was set back after the mark, changes with times before it are not counted. Where it takes longer than the
    /// [search time](Self::with_search_time) to look through the changes that a transaction had made before the mark, they are
    /// not counted, and the count is truncated.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn count_newer(
        &self,
        scope: &Scope,
        filter: &Filter,
        since: &SnapshotMark,
        cap: usize,
    ) -> Result<NewerCount, QueryError> {
        self.snapshot().await?.count_newer(scope, filter, since, cap).await
    }

    /// Lists the changes that match and have become visible since a mark, at most `limit` of them, newest first: those that
    /// [`count_newer`](Self::count_newer) counts, within the same bounds.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn newer_changes(
        &self,
        scope: &Scope,
        filter: &Filter,
        since: &SnapshotMark,
        limit: usize,
    ) -> Result<NewerChanges, QueryError> {
        self.snapshot().await?.newer_changes(scope, filter, since, limit).await
    }
}

impl Snapshot<'_> {
    /// Counts as [`AuditTrail::count_newer`] does.
    ///
    /// # Errors
    /// The same.
    pub async fn count_newer(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        since: &SnapshotMark,
        cap: usize,
    ) -> Result<NewerCount, QueryError> {
        let selection = Selection::new(scope, filter);
        if selection.is_impossible() {
            return Ok(NewerCount::default());
        }
        let (reader, limit) = (&mut self.0, cap.saturating_add(1));
        let committed = reader.committed_since(selection, since).await?;
        let mut is_complete = committed.is_complete;
        let mut sql = QueryBuilder::new(COUNT);
        reader.push_captured_meanwhile(&mut sql, selection, since);
        let mut late = reader.fetch_count(sql, limit).await?;
        if late < limit {
            let counted = reader.count_of_committed(selection, &committed, limit - late).await?;
            is_complete &= counted.is_some();
            late += counted.unwrap_or_default();
        }
        let mut count = late;
        if count < limit {
            count += reader.count(selection, Position::NewerThan(since.end()), limit - count).await?;
        }
        Ok(NewerCount { count: count.min(cap), late: late.min(cap), truncated: count > cap || !is_complete })
    }

    /// Lists as [`AuditTrail::newer_changes`] does.
    ///
    /// # Errors
    /// The same.
    pub async fn newer_changes(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        since: &SnapshotMark,
        limit: usize,
    ) -> Result<NewerChanges, QueryError> {
        let selection = Selection::new(scope, filter);
        if selection.is_impossible() {
            return Ok(NewerChanges { entries: Vec::new(), truncated: false });
        }
        let (reader, wanted) = (&mut self.0, limit.saturating_add(1));
        let committed = reader.committed_since(selection, since).await?;
        let mut is_complete = committed.is_complete;
        let mut sql = reader.select_changes();
        reader.push_captured_meanwhile(&mut sql, selection, since);
        let mut found = reader.fetch_changes(sql, Position::Newest, wanted).await?;
        let late = reader.changes_of_committed(selection, &committed, wanted).await?;
        is_complete &= late.is_some();
        found.extend(late.unwrap_or_default());
        let later = Filter { from: filter.from.max(after(since.taken_at)), ..filter.clone() };
        let later = Selection { filter: &later, ..selection };
        found.extend(reader.changes(later, Position::Newest, wanted).await?);
        put_in_order(&mut found, Position::Newest, wanted);
        let truncated = found.len() > limit || !is_complete;
        found.truncate(limit);
        Ok(NewerChanges { entries: reader.entries(found).await?, truncated })
    }
}

impl Reader<'_> {
    /// Pushes changes `c` that match and were captured while the mark was taken, by transactions that its snapshot does not
    /// hold.
    fn push_captured_meanwhile(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        selection: Selection<'_>,
        since: &SnapshotMark,
    ) {
        sql.push(self.fill(" FROM __schema__.audit_changes AS c WHERE "));
        let window = Window { from: Some(since.listed_at), until: after(since.taken_at) };
        self.conditions(sql).push(selection, Position::Newest, window);
        let time = if self.layout().has_occurred_at { " AND t.occurred_at = c.occurred_at" } else { "" };
        sql.push(self.fill(&format!(
            " AND EXISTS (SELECT FROM __schema__.audit_transactions AS t WHERE t.id = c.transaction_id{time} AND (t.txid >= "
        )));
        let open: Vec<i64> = since.open.iter().map(|open| open.txid).collect();
        sql.push_bind(since.xmax).push(" OR t.txid = ANY(").push_bind(open).push(")) OFFSET 0)");
    }
}

/// The first moment after this one.
fn after(moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
    moment.checked_add_signed(TimeDelta::microseconds(1))
}
