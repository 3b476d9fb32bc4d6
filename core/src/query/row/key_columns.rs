//! What identifies the rows of a table.

use sqlx::query_scalar;

use crate::query::engine::reader::Reader;
use crate::query::engine::where_clause::Selection;
use crate::query::{Filter, Position, QueryError};
use crate::{AuditTrail, Scope, TableName};

/// How many of the newest changes are asked for a key: a truncate has none.
pub(in crate::query) const CHANGES_ASKED: usize = 5;

impl AuditTrail {
    /// The columns that identify the rows of a table, by name: as its newest changes have them, and before the first change
    /// those of its primary key. None where that is not known: the table carries no capture trigger, it has no primary key, or
    /// the scope does not tell of it.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    ///
    /// let columns = trail.key_columns(&Scope::unscoped(), &"order_lines".into()).await?;
    /// assert_eq!(columns, Some(vec!["line".to_owned(), "order".to_owned()]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn key_columns(
        &self,
        scope: &Scope,
        table: &TableName,
    ) -> Result<Option<Vec<String>>, QueryError> {
        let mut reader = self.reader().await?;
        let filter = Filter { table: Some(table.clone()), ..Filter::default() };
        let selection = Selection::new(scope, &filter);
        let newest = reader.changes(selection, Position::Newest, CHANGES_ASKED).await?;
        if let Some(found) = newest.into_iter().find(|found| !found.change.key.is_empty()) {
            return Ok(Some(found.change.key.into_keys().collect()));
        }
        if !reader.is_captured(scope, table).await? {
            return Ok(None);
        }
        let columns = reader.primary_key(table).await?;
        Ok(Some(columns).filter(|columns| !columns.is_empty()))
    }
}

impl Reader<'_> {
    async fn primary_key(&mut self, table: &TableName) -> Result<Vec<String>, QueryError> {
        // Behind the key columns of an index stand those that it only includes.
        let columns = query_scalar(
            r#"SELECT a.attname::text
               FROM pg_catalog.pg_index AS i
               JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
               JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
               JOIN pg_catalog.pg_attribute AS a
                 ON a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
               WHERE i.indisprimary AND n.nspname = $1 AND c.relname = $2
               ORDER BY a.attname::text COLLATE "C""#,
        );
        let columns = columns.bind(table.schema()).bind(table.name()).persistent(false);
        Ok(columns.fetch_all(self.connection()).await?)
    }
}
