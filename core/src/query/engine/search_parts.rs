//! The parts of the trail that a search by time reads one after the other: time windows, and chunks of them in a search for a value or
//! for several actors or actions.
//!
//! Unless a [value index](crate::query::value_index) serves it, a statement that searches the values of a whole window could exceed
//! its timeout, and one transaction may have recorded any number of changes at one moment. So a chunk ends after a number of changes,
//! or of bytes. The same holds for a statement that looks up the transaction of each change.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

use super::criteria::Criteria;
use super::index_path::{CHANGE_ORDER, push_from};
use super::snapshot::Snapshot;
use super::thresholds::{FIRST_CHUNK_CHANGES, MAX_CHUNK_BYTES, MAX_CHUNK_CHANGES};
use super::time_windows::{TimeWindow, TimeWindows};
use super::where_clause::{push_order, to_bigint};
use crate::query::model::cursor::{Cursor, Position};
use crate::query::model::error::QueryError;

/// The parts from a position on.
#[derive(Debug)]
pub(super) struct SearchParts<'a> {
    criteria: Criteria<'a>,
    /// The position from which the next part is read.
    position: Position,
    windows: TimeWindows,
    /// The window of which only chunks were read.
    window: Option<TimeWindow>,
    /// The maximum number of changes of the next chunk.
    chunk_changes: usize,
}

impl<'a> SearchParts<'a> {
    pub(super) fn new(snapshot: &Snapshot<'_>, criteria: Criteria<'a>, position: Position) -> Self {
        let windows = snapshot.time_windows(criteria, position);
        let is_value = criteria.filter.value.is_some();
        let chunk_changes = if is_value { MAX_CHUNK_CHANGES } else { FIRST_CHUNK_CHANGES };
        Self { criteria, position, windows, window: None, chunk_changes }
    }

    /// Returns the next part, and the position from which it is read.
    pub(super) async fn next(
        &mut self,
        snapshot: &mut Snapshot<'_>,
    ) -> Result<Option<(Position, TimeWindow)>, QueryError> {
        let Some(window) = self.window.take().or_else(|| self.windows.next()) else { return Ok(None) };
        let position = self.position;
        let is_chunked = match self.criteria.filter.value {
            Some(_) => snapshot.value_index(self.criteria).is_none(),
            None => self.criteria.transaction.is_none() && self.criteria.filter.needs_each_transaction(),
        };
        let last = match is_chunked {
            true => snapshot.last_of_chunk(self.criteria, position, window, self.chunk_changes).await?,
            false => None,
        };
        self.chunk_changes = MAX_CHUNK_CHANGES;
        if let Some(last) = last {
            self.position = Position::after(position.direction(), last);
            self.window = Some(window);
        }
        Ok(Some((position, TimeWindow { last, ..window })))
    }

    /// Makes the next window as wide as the last one, because a wider one would take too long.
    pub(super) const fn keep_width(&mut self) {
        self.windows.keep_width();
    }

    /// Returns the cursor after which the next part is read; none if there is no next one.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        match self.window {
            Some(_) => self.position.cursor(),
            // The nil UUID sorts before every id, so the moment itself is read in one direction and not in the other, like the window.
            None => self.windows.next_edge().map(|at| Cursor { captured_at: at, id: Uuid::nil() }),
        }
    }

    /// Returns everything that remains, as one window or two, and the position from which it is read.
    pub(super) fn remainder(mut self) -> (Position, impl Iterator<Item = TimeWindow>) {
        (self.position, self.window.into_iter().chain(self.windows.remainder()))
    }
}

impl Snapshot<'_> {
    /// Returns the last change of the first chunk of a window; none if the window is one chunk. Under a limited scope, only changes
    /// that it shows are counted, because the result must not depend on others.
    async fn last_of_chunk(
        &mut self,
        criteria: Criteria<'_>,
        position: Position,
        window: TimeWindow,
        max_changes: usize,
    ) -> Result<Option<Cursor>, QueryError> {
        let filter = criteria.filter.of_path();
        let of_path = Criteria { without_transactions: &[], ..criteria.with_filter(&filter) };
        let before = if self.features().has_changed_from { "c.changed_from" } else { "NULL::jsonb" };
        let bytes = match criteria.filter.value {
            Some(_) => {
                format!("coalesce(pg_column_size(c.data_after), 0) + coalesce(pg_column_size({before}), 0)")
            }
            None => "0".to_owned(),
        };
        let mut sql = QueryBuilder::new(format!(
            "SELECT c.captured_at, c.id
             FROM (SELECT c.captured_at, c.id, row_number() OVER searched AS number, sum(c.bytes) OVER searched AS bytes
               FROM (SELECT c.captured_at, c.id, {bytes} AS bytes"
        ));
        push_from(self, &mut sql, of_path, position, window, max_changes);
        push_order(&mut sql, CHANGE_ORDER, position.direction());
        sql.push(" LIMIT ").push_bind(to_bigint(max_changes)).push(") AS c WINDOW searched AS (");
        push_order(&mut sql, CHANGE_ORDER, position.direction());
        sql.push(" ROWS UNBOUNDED PRECEDING)) AS c WHERE c.number >= ").push_bind(to_bigint(max_changes));
        sql.push(" OR c.bytes >= ").push_bind(to_bigint(MAX_CHUNK_BYTES));
        push_order(&mut sql, CHANGE_ORDER, position.direction());
        sql.push(" LIMIT 1");
        let rows = self.fetch_all(sql).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let captured_at: DateTime<Utc> = row.try_get(0)?;
        Ok(Some(Cursor { captured_at, id: row.try_get(1)? }))
    }
}
