//! Every change, newest first.

use sqlx::Row;

use super::page::Selection;
use super::{Change, Filter, Page, Position, QueryError, TransactionRecord};
use crate::{AuditTrail, Scope, TableName};

/// A change together with who made it, when and why.
#[derive(Debug, Clone)]
pub struct TimelineEntry {
    /// The change.
    pub change: Change,
    /// The transaction that made it.
    pub transaction: TransactionRecord,
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
    /// [`QueryError`] when the database does not answer.
    pub async fn timeline_page(
        &self,
        scope: &Scope,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let mut transaction = self.read().await?;
        let selection = Selection { schema: &self.schema, scope, filter, transaction: None };
        selection.page(&mut transaction, position, size).await
    }

    /// Whether the scope holds any change at all: what tells an empty trail from a narrow filter.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn has_changes(&self, scope: &Scope) -> Result<bool, QueryError> {
        let mut transaction = self.read().await?;
        let filter = Filter::default();
        let selection = Selection { schema: &self.schema, scope, filter: &filter, transaction: None };
        selection.has(&mut transaction, Position::Newest).await
    }

    /// The tables within the scope that carry a capture trigger, by name.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn captured_tables(&self, scope: &Scope) -> Result<Vec<TableName>, QueryError> {
        let mut transaction = self.read().await?;
        let rows = sqlx::query(
            r"SELECT DISTINCT n.nspname::text AS schema, c.relname::text AS name
              FROM pg_catalog.pg_trigger t
              JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE NOT t.tgisinternal AND t.tgname LIKE 'threadline\_audit\_%'
              ORDER BY 1, 2",
        )
        .persistent(false)
        .fetch_all(&mut *transaction)
        .await?;
        let mut tables = Vec::with_capacity(rows.len());
        for row in rows {
            let table =
                TableName::new(row.try_get::<String, _>("schema")?, row.try_get::<String, _>("name")?);
            if scope.allowed_tables().is_none_or(|allowed| allowed.contains(&table)) {
                tables.push(table);
            }
        }
        Ok(tables)
    }
}
