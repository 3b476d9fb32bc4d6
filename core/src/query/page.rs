//! Keyset pages over the changes.

use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{Change, Cursor, Filter, Position, QueryError, TimelineEntry, TransactionRecord};
use crate::{Scope, StorageSchema};

/// A part of an ordered list, newest first, with the places where its neighbours begin.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The entries, newest first.
    pub entries: Vec<T>,
    /// Where newer entries begin; none when there are none.
    pub newer: Option<Cursor>,
    /// Where older entries begin; none when there are none.
    pub older: Option<Cursor>,
}

/// Which changes a page is cut from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selection<'a> {
    pub(super) schema: &'a StorageSchema,
    pub(super) scope: &'a Scope,
    pub(super) filter: &'a Filter,
    pub(super) transaction: Option<Uuid>,
}

impl Selection<'_> {
    /// One page of at most `size` entries. One more is read to learn whether the list goes on; the other direction is
    /// probed, because the entry that the cursor came from may be gone.
    pub(super) async fn page(
        self,
        connection: &mut PgConnection,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let ascending = matches!(position, Position::NewerThan(_));
        let mut entries = self.read(connection, position, ascending, size + 1).await?;
        let goes_on = entries.len() > size;
        entries.truncate(size);
        if ascending {
            entries.reverse();
        }
        let first = entries.first().map(|entry| entry.change.cursor());
        let last = entries.last().map(|entry| entry.change.cursor());
        let (newer, older) = match position {
            Position::Newest => (None, last.filter(|_| goes_on)),
            Position::OlderThan(cursor) => {
                let edge = first.unwrap_or(cursor);
                let newer = self.has(connection, Position::NewerThan(edge)).await?;
                (newer.then_some(edge), last.filter(|_| goes_on))
            }
            Position::NewerThan(cursor) => {
                let edge = last.unwrap_or(cursor);
                let older = self.has(connection, Position::OlderThan(edge)).await?;
                (first.filter(|_| goes_on), older.then_some(edge))
            }
        };
        Ok(Page { entries, newer, older })
    }

    async fn read(
        self,
        connection: &mut PgConnection,
        position: Position,
        ascending: bool,
        limit: usize,
    ) -> Result<Vec<TimelineEntry>, QueryError> {
        let order = if ascending { "ASC" } else { "DESC" };
        let mut sql = QueryBuilder::new(self.schema.fill(&format!(
            "SELECT c.id, c.table_schema, c.table_name, c.table_pk, c.op, c.data_after, c.changed_fields,
                    c.changed_from, c.captured_at, {}
             FROM (SELECT * FROM __schema__.audit_changes c WHERE true",
            TransactionRecord::COLUMNS
        )));
        self.push_conditions(&mut sql, position);
        sql.push(format!(" ORDER BY captured_at {order}, id {order} LIMIT ")).push_bind(clamp(limit));
        sql.push(self.schema.fill(
            ") AS c
             JOIN __schema__.audit_transactions t ON t.id = c.transaction_id AND t.occurred_at = c.occurred_at
             LEFT JOIN __schema__.audit_actions a ON a.id = t.action_id",
        ));
        sql.push(format!(" ORDER BY c.captured_at {order}, c.id {order}"));
        let rows = sql.build().persistent(false).fetch_all(connection).await?;
        let entry = |row| {
            Ok(TimelineEntry {
                change: Change::from_row(row)?,
                transaction: TransactionRecord::from_row(row)?,
            })
        };
        rows.iter().map(entry).collect()
    }

    /// Whether there is anything from this position on.
    pub(super) async fn has(
        self,
        connection: &mut PgConnection,
        position: Position,
    ) -> Result<bool, QueryError> {
        let mut sql = QueryBuilder::new(
            self.schema.fill("SELECT EXISTS (SELECT FROM __schema__.audit_changes c WHERE true"),
        );
        self.push_conditions(&mut sql, position);
        sql.push(")");
        Ok(sql.build_query_scalar().persistent(false).fetch_one(connection).await?)
    }

    fn push_conditions(self, sql: &mut QueryBuilder<Postgres>, position: Position) {
        if let Some(transaction) = self.transaction {
            sql.push(" AND c.transaction_id = ").push_bind(transaction);
        }
        if let Some(table) = &self.filter.table {
            sql.push(" AND c.table_schema = ").push_bind(table.schema().to_owned());
            sql.push(" AND c.table_name = ").push_bind(table.name().to_owned());
        }
        if let Some(from) = self.filter.from {
            sql.push(" AND c.captured_at >= ").push_bind(from);
        }
        if let Some(to) = self.filter.to {
            sql.push(" AND c.captured_at <= ").push_bind(to);
        }
        if let Some(tables) = self.scope.allowed_tables() {
            let (schemas, names): (Vec<String>, Vec<String>) =
                tables.iter().map(|table| (table.schema().to_owned(), table.name().to_owned())).unzip();
            sql.push(" AND (c.table_schema, c.table_name) IN (SELECT * FROM unnest(").push_bind(schemas);
            sql.push(", ").push_bind(names).push("))");
        }
        let (comparison, cursor) = match position {
            Position::Newest => return,
            Position::OlderThan(cursor) => ("<", cursor),
            Position::NewerThan(cursor) => (">", cursor),
        };
        sql.push(format!(" AND (c.captured_at, c.id) {comparison} (")).push_bind(cursor.captured_at);
        sql.push(", ").push_bind(cursor.id).push(")");
    }
}

fn clamp(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
