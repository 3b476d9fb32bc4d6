//! Reading the values of changes within limits.
//!
//! A statement that finds changes selects the values of small rows only, and the stored sizes of the others. The size is stored
//! with a value, so the database does not read the value for it. When the changes of a page are known, one more statement reads
//! the beginnings of their long values; in a page of small rows there is nothing to read, and no such statement. The names of
//! shortened columns are columns of the result, because a marker inside of the JSON could be a stored value.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

use super::snapshot::Snapshot;
use super::thresholds::MAX_SMALL_IMAGE;
use super::where_clause::to_bigint;
use super::window_scan::ChangeRow;
use crate::query::model::change::{Change, RowImage, old_key_of_values};
use crate::query::model::error::QueryError;
use crate::query::model::value_limits::{ShortenedValue, ValueLimits};

/// The stored sizes of the images of a change that were not read.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::query) struct UnreadImages {
    pub(in crate::query) after: Option<u64>,
    pub(in crate::query) before: Option<u64>,
}

impl UnreadImages {
    /// Returns the size of both, or none if everything was read.
    fn bytes(self) -> Option<u64> {
        (self.after.is_some() || self.before.is_some())
            .then(|| self.after.unwrap_or_default().saturating_add(self.before.unwrap_or_default()))
    }
}

/// Returns the expressions that replace two columns of images in a statement that finds changes, with the stored sizes of both,
/// and the old values of key columns, for changes that store no earlier key.
pub(super) fn limited_images(limits: ValueLimits, before: &str, old_pk: &str) -> String {
    let start_bytes = limits.start_bytes;
    let small = |image: &str| match start_bytes {
        0 => "NULL::jsonb".to_owned(),
        _ => format!(
            "CASE WHEN pg_column_size({image}) <= {MAX_SMALL_IMAGE} \
             THEN CASE WHEN octet_length({image}::text) <= {start_bytes} THEN {image} END END"
        ),
    };
    // Short, because pg_stat_activity shows the first 1,024 bytes of a statement.
    format!(
        "{} AS data_after, pg_column_size(c.data_after) AS after_bytes, \
         {} AS changed_from, pg_column_size({before}) AS before_bytes, \
         CASE WHEN c.op = 'update' AND {old_pk} IS NULL AND jsonb_typeof(c.table_pk) = 'object' \
         THEN (SELECT jsonb_object_agg(k, {before} -> k) FILTER (WHERE {before} ? k) \
         FROM jsonb_object_keys(c.table_pk) AS k WHERE k = ANY(c.changed_fields)) END AS old_key_values",
        small("c.data_after"),
        small(before),
    )
}

/// Reads the columns of [`limited_images`] that are not columns of a change.
pub(super) fn read_sizes(row: &PgRow, change: &mut Change) -> Result<UnreadImages, sqlx::Error> {
    let stored = |column| {
        row.try_get::<Option<i32>, _>(column).map(|bytes| bytes.map(|b| u64::try_from(b).unwrap_or_default()))
    };
    let after = stored("after_bytes")?.filter(|_| change.after.is_none());
    let before = stored("before_bytes")?.filter(|_| change.before.is_none());
    if change.old_key.is_none() {
        let values: Option<Json<RowImage>> = row.try_get("old_key_values")?;
        change.old_key = values.and_then(|values| old_key_of_values(&change.key, &values.0));
    }
    Ok(UnreadImages { after, before })
}

impl Snapshot<'_> {
    /// Limits the values of the changes that the next queries return: long values are [shortened](Change::shortened), and where the
    /// page has no room for them, the values of a change are [left out](Change::values_left_out). Without limits, every value is
    /// read whole.
    ///
    /// Exports and other uses of a change as JSON need whole values.
    pub const fn limit_values(&mut self, limits: ValueLimits) {
        self.value_limits = Some(limits);
    }

    /// Reads the values of a page of changes that were not selected with them, as far as the limits allow.
    pub(in crate::query) async fn read_own_values(
        &mut self,
        rows: &mut [ChangeRow],
    ) -> Result<(), QueryError> {
        if self.value_limits.is_none() {
            return Ok(());
        }
        let changed = |row: &ChangeRow| row.change.changed_fields.clone().unwrap_or_default();
        let wanted_first: Vec<Vec<String>> = rows.iter().map(changed).collect();
        self.read_limited_values(rows, &wanted_first).await
    }

    /// Reads the values of these changes that were not selected with them, as far as the limits allow. The columns in
    /// `wanted_first`, one list per change, are the last ones to be shortened; of the others, the longest values are shortened first.
    pub(in crate::query) async fn read_limited_values(
        &mut self,
        rows: &mut [ChangeRow],
        wanted_first: &[Vec<String>],
    ) -> Result<(), QueryError> {
        let Some(limits) = self.value_limits else { return Ok(()) };
        let chosen = choose(rows, limits);
        let mut keys: Vec<(DateTime<Utc>, Uuid)> = Vec::new();
        let (mut with_after, mut with_before, mut first) = (Vec::new(), Vec::new(), Vec::new());
        for index in &chosen {
            let row = &rows[*index];
            keys.push((row.change.captured_at, row.change.id));
            with_after.push(row.unread.after.is_some());
            with_before.push(row.unread.before.is_some());
            first.push(Json(wanted_first.get(*index).cloned().unwrap_or_default()));
        }
        let Some((earliest, latest)) =
            keys.iter().map(|(at, _)| *at).min().zip(keys.iter().map(|(at, _)| *at).max())
        else {
            return Ok(());
        };
        // All images share the page equally.
        let image_bytes = (limits.page_bytes / 2 / chosen.len()).max(limits.start_bytes);
        let ValueLimits { value_bytes, start_bytes, .. } = limits;
        let before = if self.features().has_changed_from { "c.changed_from" } else { "NULL::jsonb" };
        let (times, ids): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
        let mut sql = QueryBuilder::new(
            "SELECT wanted.number, image.is_before, value.name, value.bytes,
                    CASE WHEN value.total <= share.bytes OR value.start IS NULL AND value.total_of_starts <= share.bytes
                         THEN value.whole END AS whole,
                    CASE WHEN value.total_of_starts <= share.bytes THEN value.start END AS start
             FROM (SELECT ",
        );
        // Bound, so that pages with other numbers of changes use the same prepared statement.
        sql.push_bind(to_bigint(image_bytes)).push("::bigint AS bytes OFFSET 0) AS share CROSS JOIN unnest(");
        sql.push_bind(times).push(", ").push_bind(ids).push(", ").push_bind(with_after);
        sql.push(", ").push_bind(with_before).push(", ").push_bind(first);
        // An image is decompressed once, because `||` with an empty object returns it decompressed, and each text is computed
        // once: OFFSET 0 keeps PostgreSQL from merging the subqueries. `jsonb_each` would write all values to a temporary file,
        // which takes ten times as long as everything else for a value of 10 MB.
        sql.push(self.fill(&format!(
            ") WITH ORDINALITY AS wanted (at, id, with_after, with_before, first, number)
             CROSS JOIN LATERAL (SELECT CASE WHEN wanted.with_after THEN c.data_after || '{{}}' END AS data_after,
                                        CASE WHEN wanted.with_before THEN {before} || '{{}}' END AS changed_from
               FROM __schema__.audit_changes AS c
               WHERE c.captured_at = wanted.at AND c.id = wanted.id AND c.captured_at BETWEEN "
        )));
        sql.push_bind(earliest).push(" AND ").push_bind(latest);
        sql.push(format!(
            " OFFSET 0) AS c
             CROSS JOIN LATERAL (VALUES (false, c.data_after), (true, c.changed_from)) AS image (is_before, columns)
             CROSS JOIN LATERAL (
               SELECT limited.*,
                      sum(CASE WHEN limited.whole IS NULL THEN {start_bytes} ELSE limited.bytes END) OVER wanted_first AS total,
                      sum(least(limited.bytes, {start_bytes})) OVER wanted_first AS total_of_starts
               FROM (SELECT texts.name, octet_length(texts.text) AS bytes,
                            CASE WHEN octet_length(texts.text) <= {value_bytes} THEN texts.value END AS whole,
                            CASE WHEN octet_length(texts.text) > {start_bytes} THEN left(texts.text, {start_bytes}) END AS start
                     FROM (SELECT field.name, field.value,
                                  CASE jsonb_typeof(field.value) WHEN 'string' THEN field.value #>> '{{}}'
                                       ELSE field.value::text END AS text
                           FROM (SELECT name, image.columns -> name AS value
                                 FROM jsonb_object_keys(image.columns) AS keys (name) OFFSET 0) AS field
                           OFFSET 0) AS texts
                     OFFSET 0) AS limited
               WINDOW wanted_first AS
                 (ORDER BY (wanted.first ? limited.name) DESC, limited.bytes, limited.name ROWS UNBOUNDED PRECEDING)) AS value"
        ));
        let values = self.fetch_all(sql).await?;
        for index in &chosen {
            let row = &mut rows[*index];
            row.change.after = row.change.after.take().or_else(|| row.unread.after.map(|_| RowImage::new()));
            row.change.before =
                row.change.before.take().or_else(|| row.unread.before.map(|_| RowImage::new()));
            row.unread = UnreadImages::default();
        }
        for value in &values {
            let number: i64 = value.try_get("number")?;
            let index = usize::try_from(number - 1).ok().and_then(|number| chosen.get(number));
            if let Some(index) = index {
                read_value(value, &mut rows[*index].change, limits)?;
            }
        }
        Ok(())
    }
}

/// Returns the indexes of the changes whose values are read, and marks the others.
fn choose(rows: &mut [ChangeRow], limits: ValueLimits) -> Vec<usize> {
    let (mut room, mut chosen) = (limits.page_bytes as u64, Vec::new());
    for (index, row) in rows.iter_mut().enumerate() {
        let Some(bytes) = row.unread.bytes() else { continue };
        if limits.page_bytes > 0 && (bytes <= room || chosen.is_empty()) {
            room = room.saturating_sub(bytes);
            chosen.push(index);
        } else {
            (row.change.after, row.change.before, row.unread) = (None, None, UnreadImages::default());
            row.change.values_left_out = Some(bytes);
        }
    }
    chosen
}

/// Adds one column to an image, or to the shortened columns of it.
fn read_value(row: &PgRow, change: &mut Change, limits: ValueLimits) -> Result<(), sqlx::Error> {
    let name: String = row.try_get("name")?;
    let is_before = row.try_get("is_before")?;
    let image = if is_before { &mut change.before } else { &mut change.after };
    if let Some(whole) = row.try_get::<Option<Json<_>>, _>("whole")? {
        image.get_or_insert_default().insert(name, whole.0);
        return Ok(());
    }
    let bytes: i32 = row.try_get("bytes")?;
    let mut start = row.try_get::<Option<String>, _>("start")?.unwrap_or_default();
    // The database counts characters.
    start.truncate(start.floor_char_boundary(limits.start_bytes));
    let shortened = if is_before { &mut change.shortened.before } else { &mut change.shortened.after };
    shortened.insert(name, ShortenedValue { start, bytes: u64::try_from(bytes).unwrap_or_default() });
    Ok(())
}
