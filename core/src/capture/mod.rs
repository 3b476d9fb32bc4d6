//! Capture: a generated function and its triggers for each audited table.

mod catalog;
mod naming;
mod sql;

use sqlx::AssertSqlSafe;

use crate::{AuditTrail, StorageSchema, TableName};

/// Why a table cannot be captured; no table of the same call was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The storage schema holds no audit trail: triggers made now would fail every write.
    #[error("the audit trail is not installed in schema \"{schema}\": install it first")]
    NotInstalled {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// There is no such table.
    #[error("table {table} does not exist: check the spelling, and write the schema as in billing.invoices")]
    NoSuchTable {
        /// The table.
        table: TableName,
    },
    /// A view, a foreign table or an index: triggers see no rows there.
    #[error("{table} is not a table: only ordinary and partitioned tables can be captured")]
    NotATable {
        /// The relation.
        table: TableName,
    },
    /// One of the trail's own tables: capturing it would never end.
    #[error("{table} belongs to the audit trail and cannot be captured")]
    OwnTable {
        /// The table.
        table: TableName,
    },
    /// Without a primary key a change could not be tied to its row.
    #[error("table {table} has no primary key: add one, so that changes can be tied to their row")]
    NoPrimaryKey {
        /// The table.
        table: TableName,
    },
    /// The text of such a key would depend on settings of the session.
    #[error(
        "key column {column} of table {table} has type {column_type}, whose text is not stable: use an integer, text, uuid or enum key"
    )]
    UnsupportedKeyType {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
        /// Its type.
        column_type: String,
    },
    /// The database refused or went away.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl AuditTrail {
    /// Makes or replaces the capture function and triggers of these tables, all or none, without a gap for writers.
    ///
    /// A table is written as `tickets` or `billing.invoices`. The role must own the tables.
    ///
    /// # Errors
    /// [`CaptureError`] with the first table that cannot be captured.
    pub async fn capture(&self, tables: &[&str]) -> Result<(), CaptureError> {
        let mut transaction = self.pool.begin().await?;
        catalog::require_installed(&mut transaction, &self.schema).await?;
        for table in tables {
            let table = catalog::inspect(&mut transaction, &self.schema, &TableName::from(*table)).await?;
            let statements = sql::capture_statements(&self.schema, &table);
            sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}
