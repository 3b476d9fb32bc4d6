//! Old values that are not stored with a change: those that the previous change of the same row left.

use chrono::TimeDelta;
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::criteria::Criteria;
use super::snapshot::Snapshot;
use super::thresholds::LOOKUP_BATCH;
use super::time_windows::TimeWindow;
use super::where_clause::schemas_and_names;
use super::window_scan::ChangeRow;
use crate::Scope;
use crate::query::model::change::Change;
use crate::query::model::cursor::{Direction, Position};
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;
use crate::query::model::row_key::RowKey;

/// The eight buckets of a row.
const BUCKETS: &str =
    "(SELECT __schema__.threadline_row_bucket(__schema__.threadline_table_hash(later.table_schema,
  later.table_name), later.table_pk, slot << 61) AS bucket FROM generate_series(0::bigint, 7) AS slot)";
/// The time is compared only together with the bucket. By itself, and unknown when the plan is made, it looks so selective that
/// PostgreSQL would walk through all changes before it.
const IN_BUCKET: &str =
    "c.row_bucket = ranges.bucket AND (c.row_bucket, c.captured_at) <= (ranges.bucket, later.captured_at)";
/// The same condition for a trail without buckets.
const IN_TABLE: &str = "c.table_schema = later.table_schema AND c.table_name = later.table_name
  AND c.captured_at <= later.captured_at";

impl Snapshot<'_> {
    /// Looks up old values that are not stored with a change, in the previous change of the same row, and sets
    /// [`Change::previous`]. [`Change::fields`] then returns them. Previous changes outside of the scope are not used.
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn load_old_values<'c>(
        &mut self,
        scope: &Scope,
        changes: impl IntoIterator<Item = &'c mut Change>,
    ) -> Result<(), QueryError> {
        let incomplete = changes.into_iter().filter(|change| change.lacks_old_values()).collect();
        self.load_previous(scope, incomplete).await
    }

    /// Sets the previous change of each. A separate function, because a future that holds the iterator of
    /// [`load_old_values`](Self::load_old_values) would not be `Send`.
    async fn load_previous(
        &mut self,
        scope: &Scope,
        mut incomplete: Vec<&mut Change>,
    ) -> Result<(), QueryError> {
        for batch in incomplete.chunks_mut(LOOKUP_BATCH) {
            let mut earlier =
                self.changes_before(scope, batch.iter().map(|change| &**change).collect()).await?;
            for row in &mut earlier {
                (row.change.before, row.unread.before) = (None, None);
            }
            // In the order of the changes, in which limits for values leave out the last ones.
            let (mut found, mut previous, mut lacking) = (Vec::new(), Vec::new(), Vec::new());
            for change in batch {
                let candidates = earlier.iter().filter(|earlier| is_before(&earlier.change, change));
                let Some(last) = candidates.max_by_key(|earlier| earlier.change.cursor()) else { continue };
                lacking.push(change.changed_fields.clone().unwrap_or_default());
                previous.push(last.clone());
                found.push(change);
            }
            self.read_limited_values(&mut previous, &lacking).await?;
            for (change, ChangeRow { change: previous, .. }) in found.into_iter().zip(previous) {
                change.previous = previous.after;
                change.shortened.previous = previous.shortened.after;
                change.values_left_out = previous.values_left_out;
            }
        }
        Ok(())
    }

    /// Returns the change just before each of these, of the same row. Most are found in the first window.
    pub(in crate::query) async fn changes_before(
        &mut self,
        scope: &Scope,
        mut changes: Vec<&Change>,
    ) -> Result<Vec<ChangeRow>, QueryError> {
        let mut earlier: Vec<ChangeRow> = Vec::new();
        changes.retain(|change| change.row_key().is_some());
        let Some(newest) = changes.iter().map(|change| change.cursor()).max() else { return Ok(earlier) };
        let any = Filter::default();
        let criteria = Criteria::new(scope, &any);
        let end = newest.captured_at.checked_add_signed(TimeDelta::microseconds(1));
        for window in self.time_windows(criteria, Position::OlderThan(newest)) {
            let window = TimeWindow { until: window.until.or(end), ..window };
            changes.retain(|change| !earlier.iter().any(|earlier| is_before(&earlier.change, change)));
            if changes.is_empty() {
                break;
            }
            let mut sql = self.select_changes();
            self.push_changes_before(&mut sql, criteria, window, &changes);
            earlier.extend(self.fetch_changes(sql, Direction::Older, changes.len()).await?);
        }
        Ok(earlier)
    }

    fn push_changes_before(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        criteria: Criteria<'_>,
        window: TimeWindow,
        changes: &[&Change],
    ) {
        let (schemas, names) = schemas_and_names(changes.iter().map(|change| &change.table));
        let keys: Vec<Json<RowKey>> =
            changes.iter().map(|change| Json(change.key_before().clone())).collect();
        let (times, ids): (Vec<_>, Vec<Uuid>) =
            changes.iter().map(|change| (change.captured_at, change.id)).unzip();
        sql.push(" FROM unnest(").push_bind(schemas).push(", ").push_bind(names).push(", ").push_bind(keys);
        sql.push(", ").push_bind(times).push(", ").push_bind(ids);
        sql.push(") AS later (table_schema, table_name, table_pk, captured_at, id) CROSS JOIN LATERAL (SELECT c.* FROM ");
        let (ranges, in_range) =
            if self.features().has_buckets { (BUCKETS, IN_BUCKET) } else { ("(SELECT)", IN_TABLE) };
        sql.push(self.fill(&format!(
            "{ranges} AS ranges CROSS JOIN LATERAL (SELECT * FROM __schema__.audit_changes AS c WHERE {in_range}
               AND CASE WHEN c.table_schema = later.table_schema AND c.table_name = later.table_name
                          AND (c.captured_at, c.id) < (later.captured_at, later.id) THEN true ELSE false END
               AND c.table_pk = later.table_pk AND "
        )));
        self.where_clause(sql).push(criteria, Position::Newest, window);
        let last = " ORDER BY c.captured_at DESC, c.id DESC LIMIT 1) AS c";
        sql.push(last).push(last);
    }
}

/// Returns whether it is an earlier change of the same row.
fn is_before(earlier: &Change, change: &Change) -> bool {
    earlier.cursor() < change.cursor() && earlier.key == *change.key_before() && earlier.table == change.table
}
