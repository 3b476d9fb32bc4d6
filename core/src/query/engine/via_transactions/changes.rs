//! The changes of transactions that are known.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::LATE;
use super::transaction_scan::Begun;
use crate::query::engine::reader::{COUNT, Found, Reader, clamp};
use crate::query::engine::time_windows::Window;
use crate::query::engine::where_clause::Selection;
use crate::query::{Position, QueryError};

impl Reader<'_> {
    /// The changes of these transactions: the prompt ones only, or all.
    pub(in crate::query) async fn changes_of(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        begun: &[Begun],
        prompt: bool,
        limit: usize,
    ) -> Result<Vec<Found>, QueryError> {
        if begun.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.select_changes();
        self.push_changes_of(&mut sql, selection, position, begun, prompt);
        let order = position.order();
        sql.push(format!(" ORDER BY c.captured_at {order}, c.id {order} LIMIT ")).push_bind(clamp(limit));
        sql.push(") AS c");
        self.fetch_changes(sql, position, limit).await
    }

    /// How many they are, counted no further than `limit`. Where nothing is asked of a change but its time, the index of
    /// transactions tells.
    pub(in crate::query) async fn count_of(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        begun: &[Begun],
        prompt: bool,
        limit: usize,
    ) -> Result<usize, QueryError> {
        if begun.is_empty() {
            return Ok(0);
        }
        let mut sql = QueryBuilder::new(COUNT);
        self.push_changes_of(&mut sql, selection, position, begun, prompt);
        sql.push(" OFFSET 0) AS c");
        self.fetch_count(sql, limit).await
    }

    fn push_changes_of(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        selection: Selection<'_>,
        position: Position,
        begun: &[Begun],
        prompt: bool,
    ) {
        let (ids, times): (Vec<Uuid>, Vec<DateTime<Utc>>) =
            begun.iter().map(|begun| (begun.id, begun.at)).unzip();
        let (first, last) = (times.iter().min().copied(), times.iter().max().copied());
        sql.push(" FROM unnest(").push_bind(ids).push(", ").push_bind(times).push(") AS begun (id, at)");
        sql.push(self.fill(
            " CROSS JOIN LATERAL (SELECT * FROM __schema__.audit_changes AS c WHERE c.transaction_id = begun.id
               AND c.captured_at >= begun.at - interval '1 second' AND ",
        ));
        if prompt {
            sql.push("c.captured_at <= begun.at + interval '1 second' AND ");
        }
        let until = last.filter(|_| prompt).and_then(|last| last.checked_add_signed(LATE * 2));
        let window = Window { from: first.and_then(|first| first.checked_sub_signed(LATE)), until };
        self.conditions(sql).push(selection, position, window);
    }
}
