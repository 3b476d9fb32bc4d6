//! Reading and counting changes in time windows: the access path that needs nothing but the criteria.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Postgres, QueryBuilder, Row};

use super::criteria::Criteria;
use super::index_path::{CHANGE_ORDER, push_from};
use super::limited_values::{UnreadImages, limited_images, read_sizes};
use super::search_parts::SearchParts;
use super::snapshot::{PlanMode, Snapshot};
use super::time_windows::{TimeWindow, TimeWindows};
use super::where_clause::{push_limit, push_order};
use crate::query::model::change::Change;
use crate::query::model::cursor::{Direction, Position};
use crate::query::model::error::QueryError;

/// The beginning of a statement that counts.
pub(in crate::query) const COUNT: &str = "SELECT count(*) FROM (SELECT";

/// A change, and the beginning of its transaction where the change repeats it.
#[derive(Debug, Clone)]
pub(in crate::query) struct ChangeRow {
    pub(in crate::query) change: Change,
    pub(in crate::query) occurred_at: Option<DateTime<Utc>>,
    /// The images that [`read_limited_values`](Snapshot::read_limited_values) has to read.
    pub(in crate::query) unread: UnreadImages,
}

/// Sorts rows in the order in which one reads in this direction, and keeps the first ones.
pub(in crate::query) fn sort_and_truncate(rows: &mut Vec<ChangeRow>, direction: Direction, limit: usize) {
    rows.sort_unstable_by_key(|row| row.change.cursor());
    if direction == Direction::Older {
        rows.reverse();
    }
    rows.truncate(limit);
}

impl Snapshot<'_> {
    /// Returns the windows that hold all changes from this position on.
    pub(in crate::query) fn time_windows(&self, criteria: Criteria<'_>, position: Position) -> TimeWindows {
        TimeWindows::of(criteria, position, self.features())
    }

    /// Reads at most `limit` changes of one window.
    pub(in crate::query) async fn changes_in_window(
        &mut self,
        criteria: Criteria<'_>,
        position: Position,
        window: TimeWindow,
        limit: usize,
    ) -> Result<Vec<ChangeRow>, QueryError> {
        let mut sql = self.select_changes();
        push_from(self, &mut sql, criteria, position, window, limit);
        // In a small partition, a generic plan would look for the next change of a row in the index by time.
        let is_next_of_row = limit == 1 && criteria.filter.key.is_some();
        let plan_mode = if is_next_of_row { PlanMode::Custom } else { PlanMode::Generic };
        self.fetch_changes_planned(sql, position.direction(), limit, plan_mode).await
    }

    /// Counts the changes of all parts, no further than `limit`.
    pub(in crate::query) async fn count_in_parts(
        &mut self,
        criteria: Criteria<'_>,
        position: Position,
        limit: usize,
    ) -> Result<usize, QueryError> {
        let mut counted = 0;
        let mut parts = SearchParts::new(self, criteria, position);
        while let Some((position, part)) = parts.next(self).await? {
            let mut sql = QueryBuilder::new(COUNT);
            push_from(self, &mut sql, criteria, position, part, limit - counted);
            counted += self.fetch_count(sql, limit - counted).await?;
            if counted >= limit {
                break;
            }
        }
        Ok(counted)
    }

    /// Returns the beginning of a statement that reads changes `c`.
    pub(in crate::query) fn select_changes(&self) -> QueryBuilder<Postgres> {
        let features = self.features();
        let before = if features.has_changed_from { "c.changed_from" } else { "NULL::jsonb" };
        let old_pk = if features.has_old_keys { "c.old_pk" } else { "NULL::jsonb" };
        let images = self.value_limits.map_or_else(
            || format!("c.data_after, {before} AS changed_from"),
            |limits| limited_images(limits, before, old_pk),
        );
        let time =
            if features.has_occurred_at { "c.occurred_at" } else { "NULL::timestamptz AS occurred_at" };
        let own = if features.has_old_keys {
            "c.old_pk, c.partition_name, c.clock_at"
        } else {
            "NULL::jsonb AS old_pk, NULL::text AS partition_name, NULL::timestamptz AS clock_at"
        };
        QueryBuilder::new(format!(
            "SELECT c.id, c.transaction_id, c.table_schema, c.table_name, c.table_pk, c.op, {images},
                    c.changed_fields, c.captured_at, {time}, {own}"
        ))
    }

    /// Runs a statement of [`select_changes`](Self::select_changes), in order and limited.
    pub(in crate::query) async fn fetch_changes(
        &mut self,
        sql: QueryBuilder<Postgres>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<ChangeRow>, QueryError> {
        self.fetch_changes_planned(sql, direction, limit, PlanMode::Generic).await
    }

    async fn fetch_changes_planned(
        &mut self,
        mut sql: QueryBuilder<Postgres>,
        direction: Direction,
        limit: usize,
        plan_mode: PlanMode,
    ) -> Result<Vec<ChangeRow>, QueryError> {
        push_order(&mut sql, CHANGE_ORDER, direction);
        push_limit(&mut sql, limit);
        let rows = self.fetch_planned(sql, plan_mode).await?;
        let is_limited = self.value_limits.is_some();
        let read = |row| {
            let mut change = Change::from_row(row)?;
            let unread = if is_limited { read_sizes(row, &mut change)? } else { UnreadImages::default() };
            Ok(ChangeRow { change, occurred_at: row.try_get("occurred_at")?, unread })
        };
        rows.iter().map(read).collect()
    }

    /// Runs a statement that begins with [`COUNT`], and counts no further than `limit`.
    pub(in crate::query) async fn fetch_count(
        &mut self,
        mut sql: QueryBuilder<Postgres>,
        limit: usize,
    ) -> Result<usize, QueryError> {
        push_limit(&mut sql, limit);
        sql.push(") AS counted");
        let count: i64 = self.fetch_one(sql).await?.try_get(0)?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }
}
