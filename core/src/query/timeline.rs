//! Every change, newest first.

use sqlx::{QueryBuilder, Row};

use super::{Change, Filter, Page, Position, QueryError, TransactionRecord};
use crate::query::engine::reader::Reader;
use crate::{AuditTrail, Scope, TableName};

/// A change together with who made it, when and why.
#[derive(Debug, Clone)]
pub struct TimelineEntry {
    /// The change.
    pub change: Change,
    /// The transaction that made it.
    pub transaction: TransactionRecord,
}

/// How many changes there are, as far as it was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exact(usize),
    /// More than this, where counting stopped.
    Truncated(usize),
}

impl AuditTrail {
    /// A page of at most `size` changes, newest first.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::{Filter, Position};
    ///
    /// let (filter, position) = Filter::from_pairs([("table", "tickets")])?;
    /// let page = trail.timeline_page(&Scope::unscoped(), &filter, position, 50).await?;
    /// for entry in &page.entries {
    ///     println!("{} {}", entry.change.captured_at, entry.change.operation.as_str());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError`]; with a key in the filter also [`QueryError::KeyMismatch`] and [`QueryError::NotCaptured`], where no change
    /// matches for that reason.
    pub async fn timeline_page(
        &self,
        scope: &Scope,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        self.snapshot().await?.timeline_page(scope, filter, position, size).await
    }

    /// The newest changes, as many as `limit` at once.
    ///
    /// # Errors
    /// As [`timeline_page`](Self::timeline_page).
    pub async fn timeline(
        &self,
        scope: &Scope,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<TimelineEntry>, QueryError> {
        Ok(self.timeline_page(scope, filter, Position::Newest, limit).await?.entries)
    }

    /// How many changes match, counted no further than `cap`.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::{Count, Filter};
    ///
    /// match trail.count(&Scope::unscoped(), &Filter::default(), 10_000).await? {
    ///     Count::Exact(count) => println!("{count} changes"),
    ///     Count::Truncated(cap) => println!("more than {cap} changes"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn count(&self, scope: &Scope, filter: &Filter, cap: usize) -> Result<Count, QueryError> {
        self.snapshot().await?.count(scope, filter, cap).await
    }

    /// Whether the scope holds any change at all: what tells an empty trail from a narrow filter.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn has_changes(&self, scope: &Scope) -> Result<bool, QueryError> {
        self.snapshot().await?.has_changes(scope).await
    }

    /// The tables that carry a capture trigger, by name; of those, the ones that the scope names.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn captured_tables(&self, scope: &Scope) -> Result<Vec<TableName>, QueryError> {
        self.snapshot().await?.captured_tables(scope).await
    }
}

impl Reader<'_> {
    pub(super) async fn captured_tables(&mut self, scope: &Scope) -> Result<Vec<TableName>, QueryError> {
        let sql = QueryBuilder::new(
            r"SELECT DISTINCT n.nspname::text AS schema, c.relname::text AS name
              FROM pg_catalog.pg_trigger t
              JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE NOT t.tgisinternal AND t.tgname LIKE 'threadline\_audit\_%'
              ORDER BY 1, 2",
        );
        let rows = self.fetch_all(sql).await?;
        let mut tables = Vec::with_capacity(rows.len());
        for row in rows {
            let table =
                TableName::new(row.try_get::<String, _>("schema")?, row.try_get::<String, _>("name")?);
            if scope.names(&table) {
                tables.push(table);
            }
        }
        Ok(tables)
    }

    /// Whether the scope may know that this table is captured, and it is.
    pub(super) async fn is_captured(&mut self, scope: &Scope, table: &TableName) -> Result<bool, QueryError> {
        Ok(self.captured_tables(scope).await?.contains(table))
    }
}
