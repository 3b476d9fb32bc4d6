//! One transaction whole: who, why, and every change with its old values.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::query::engine::reader::Reader;
use crate::query::engine::time_windows::{Window, Windows};
use crate::query::engine::where_clause::Selection;
use crate::query::{Change, Filter, Position, QueryError, RowKey, TransactionRecord};
use crate::{AuditTrail, Scope};

/// So many changes are looked up together.
const AT_ONCE: usize = 500;

/// The eight slots under which the history of a row is filed.
const PLACES: &str =
    "(SELECT __schema__.threadline_row_bucket(__schema__.threadline_table_hash(later.table_schema,
  later.table_name), later.table_pk, slot << 61) AS place FROM generate_series(0::bigint, 7) AS slot)";
/// The time only together with the bucket: by itself, unknown as it is when the plan is made, it looks so selective that the
/// planner would walk through all changes before it.
const PLACE: &str =
    "c.row_bucket = places.place AND (c.row_bucket, c.captured_at) <= (places.place, later.captured_at)";
const NO_PLACE: &str = "c.table_schema = later.table_schema AND c.table_name = later.table_name
  AND c.captured_at <= later.captured_at";

/// A transaction, its action, and its changes with their old values: what an incident report needs.
#[derive(Debug, Clone)]
pub struct TransactionWithOldValues {
    /// Who, when and why.
    pub transaction: TransactionRecord,
    /// Its changes, newest first. [`Change::diff`] and [`Change::fields`] show them field by field.
    pub changes: Vec<Change>,
    /// Whether there are more changes than were asked for.
    pub truncated: bool,
}

impl AuditTrail {
    /// One transaction with at most `limit` of its changes and their old values; none when there is no such transaction or
    /// when the scope shows none of its changes.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn transaction_with_old_values(
        &self,
        scope: &Scope,
        id: Uuid,
        limit: usize,
    ) -> Result<Option<TransactionWithOldValues>, QueryError> {
        let Some(detail) = self.transaction(scope, id, Position::Newest, limit).await? else {
            return Ok(None);
        };
        let truncated = detail.changes.older.is_some();
        let mut changes = detail.changes.entries;
        self.load_old_values(scope, &mut changes).await?;
        Ok(Some(TransactionWithOldValues { transaction: detail.transaction, changes, truncated }))
    }

    /// Looks up the old values that changes do not hold, in the change of the same row before them. What the scope hides stays
    /// unknown.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn load_old_values<'c>(
        &self,
        scope: &Scope,
        changes: impl IntoIterator<Item = &'c mut Change>,
    ) -> Result<(), QueryError> {
        let incomplete = incomplete(changes);
        if incomplete.is_empty() {
            return Ok(());
        }
        self.reader().await?.complete(scope, incomplete).await
    }
}

/// Those with some old value that is not stored. Collected, because a future that holds a closure over references is not `Send`
/// for whoever spawns it.
pub(in crate::query) fn incomplete<'c>(
    changes: impl IntoIterator<Item = &'c mut Change>,
) -> Vec<&'c mut Change> {
    changes.into_iter().filter(|change| change.lacks_old_values()).collect()
}

/// Whether it is an earlier change of the same row.
fn is_before(earlier: &Change, change: &Change) -> bool {
    earlier.cursor() < change.cursor() && earlier.key == *change.key_before() && earlier.table == change.table
}

impl Reader<'_> {
    /// Looks up what these changes do not hold.
    pub(in crate::query) async fn complete(
        &mut self,
        scope: &Scope,
        mut incomplete: Vec<&mut Change>,
    ) -> Result<(), QueryError> {
        for some in incomplete.chunks_mut(AT_ONCE) {
            let earlier = self.changes_before(scope, some.iter().map(|change| &**change).collect()).await?;
            for change in some {
                let previous = earlier.iter().filter(|earlier| is_before(earlier, change));
                let previous = previous.max_by_key(|earlier| earlier.cursor());
                change.previous = previous.and_then(|previous| previous.after.clone());
            }
        }
        Ok(())
    }

    /// The change just before each of these, of the same row. Most are found in the first stretch of time.
    async fn changes_before(
        &mut self,
        scope: &Scope,
        mut changes: Vec<&Change>,
    ) -> Result<Vec<Change>, QueryError> {
        let mut earlier: Vec<Change> = Vec::new();
        changes.retain(|change| change.row_key().is_some());
        let Some(newest) = changes.iter().map(|change| change.cursor()).max() else { return Ok(earlier) };
        let any = Filter::default();
        let selection = Selection::new(scope, &any);
        let end = newest.captured_at.checked_add_signed(TimeDelta::microseconds(1));
        for window in Windows::of(selection, Position::OlderThan(newest), self.layout()) {
            let window = Window { until: window.until.or(end), ..window };
            changes.retain(|change| !earlier.iter().any(|earlier| is_before(earlier, change)));
            if changes.is_empty() {
                break;
            }
            let mut sql = self.select_changes();
            self.push_changes_before(&mut sql, selection, window, &changes);
            let found = self.fetch_changes(sql, Position::Newest, changes.len()).await?;
            earlier.extend(found.into_iter().map(|found| found.change));
        }
        Ok(earlier)
    }

    /// As for the history of one row: where row histories are filed, a row has eight places.
    fn push_changes_before(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        selection: Selection<'_>,
        window: Window,
        changes: &[&Change],
    ) {
        let tables = changes.iter().map(|change| &change.table);
        let (schemas, names): (Vec<String>, Vec<String>) =
            tables.map(|table| (table.schema().to_owned(), table.name().to_owned())).unzip();
        let keys: Vec<Json<RowKey>> =
            changes.iter().map(|change| Json(change.key_before().clone())).collect();
        let (times, ids): (Vec<DateTime<Utc>>, Vec<Uuid>) =
            changes.iter().map(|change| (change.captured_at, change.id)).unzip();
        sql.push(" FROM unnest(").push_bind(schemas).push(", ").push_bind(names).push(", ").push_bind(keys);
        sql.push(", ").push_bind(times).push(", ").push_bind(ids);
        sql.push(") AS later (table_schema, table_name, table_pk, captured_at, id) CROSS JOIN LATERAL (SELECT c.* FROM ");
        let (places, place) =
            if self.layout().has_buckets { (PLACES, PLACE) } else { ("(SELECT)", NO_PLACE) };
        sql.push(self.fill(&format!(
            "{places} AS places CROSS JOIN LATERAL (SELECT * FROM __schema__.audit_changes AS c WHERE {place}
               AND CASE WHEN c.table_schema = later.table_schema AND c.table_name = later.table_name
                          AND (c.captured_at, c.id) < (later.captured_at, later.id) THEN true ELSE false END
               AND c.table_pk = later.table_pk AND "
        )));
        self.conditions(sql).push(selection, Position::Newest, window);
        let last = " ORDER BY c.captured_at DESC, c.id DESC LIMIT 1) AS c";
        sql.push(last).push(last);
    }
}
