//! The statements that create the indexes of a column.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, FromRow, PgConnection};

use super::IndexedSide;
use crate::capture::identifier;
use crate::{AuditTrail, StorageSchema, TableName, describe_database_error, pool};

/// The statements that create the indexes of a column. None of them can run in a transaction together with another.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueIndexPlan {
    /// The names of the two indexes, qualified and quoted.
    pub indexes: [String; 2],
    /// The statements in their order; none if both indexes are complete.
    pub statements: Vec<String>,
}

/// An error of planning or creating the indexes of a column.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValueIndexError {
    /// The table has no capture function of this library.
    #[error("{table} is not captured: capture it first")]
    NotCaptured {
        /// The table.
        table: TableName,
    },
    /// The table has no such column.
    #[error("{table} has no column \"{column}\": choose one of {}", columns.join(", "))]
    UnknownColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
        /// The columns of the table.
        columns: Vec<String>,
    },
    /// The capture policy keeps the values of the column out of the trail.
    #[error("{column} of {table} is excluded or masked, so there are no values to find")]
    NotRecorded {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
    },
    /// Updates do not record changes of the column.
    #[error("{column} of {table} is listed in except_columns, so its changes are not recorded")]
    ChangesNotRecorded {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
    },
    /// The storage schema holds no trail of this library.
    #[error("schema {schema} holds no audit trail of this version: install it first")]
    NotInstalled {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// The database returned an error.
    #[error("the index could not be created: {}", describe_database_error(.0))]
    Database(#[from] sqlx::Error),
}

/// A partition of `audit_changes` and its part of an index.
#[derive(Debug, FromRow)]
struct Partition {
    name: String,
    /// The name of its part of the index, if it has to be created.
    index_name: String,
    /// True if the index of the partition exists and can be used.
    is_indexed: bool,
    /// True if it was left by a statement that failed.
    is_invalid: bool,
    is_attached: bool,
}

impl AuditTrail {
    /// Returns the statements that index the values of a column, for searches with the filter's `table`, `field` and whole `value`.
    /// Parts that exist are left out, so a plan can be made again after an error.
    ///
    /// # Errors
    /// [`ValueIndexError`].
    pub async fn value_index_plan(
        &self,
        table: impl Into<TableName>,
        column: &str,
    ) -> Result<ValueIndexPlan, ValueIndexError> {
        let table = table.into();
        self.check_indexed_column(&table, column).await?;
        let schema = identifier(self.schema.name());
        let mut connection = self.pool.acquire().await?;
        let Some(table_hash) = table_hash(&mut connection, &self.schema, &table).await? else {
            return Err(ValueIndexError::NotInstalled { schema: self.schema.clone() });
        };
        let qualified = |name: &str| format!("{schema}.{}", identifier(name));
        let mut statements = Vec::new();
        for side in IndexedSide::ALL {
            let name = side.name(&table, column);
            let keys = format!(
                "({}, captured_at, id) WHERE {}",
                side.hash("", column),
                side.predicate("", table_hash, column)
            );
            let exists: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                                WHERE n.nspname = $1 AND c.relname = $2)",
            )
            .bind(self.schema.name())
            .bind(&name)
            .persistent(false)
            .fetch_one(&mut *connection)
            .await?;
            if !exists {
                statements.push(format!(
                    "CREATE INDEX {} ON ONLY {} {keys}",
                    identifier(&name),
                    qualified("audit_changes")
                ));
            }
            for partition in partitions(&mut connection, &self.schema, &name).await? {
                let own = partition.index_name;
                if partition.is_attached {
                    continue;
                }
                if partition.is_invalid {
                    statements.push(format!("DROP INDEX CONCURRENTLY {}", qualified(&own)));
                }
                if !partition.is_indexed {
                    statements.push(format!(
                        "CREATE INDEX CONCURRENTLY {} ON {} {keys}",
                        identifier(&own),
                        qualified(&partition.name)
                    ));
                }
                statements.push(format!(
                    "ALTER INDEX {} ATTACH PARTITION {}",
                    qualified(&name),
                    qualified(&own)
                ));
            }
        }
        let indexes = IndexedSide::ALL.map(|side| qualified(&side.name(&table, column)));
        Ok(ValueIndexPlan { indexes, statements })
    }

    /// Runs the statements of a plan one after the other. Writes continue in the meantime, except for a moment in which the indexes are
    /// attached: the [lock timeout](Self::lock_timeout) limits the wait for that. After an error, the statements that are left are
    /// those of a new plan.
    ///
    /// # Errors
    /// [`ValueIndexError::Database`].
    pub async fn create_value_index(&self, plan: &ValueIndexPlan) -> Result<(), ValueIndexError> {
        // A connection of its own, because it changes settings of the session.
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        for statement in &plan.statements {
            // A concurrent statement waits for older transactions without blocking anybody.
            let is_concurrent = statement.contains(" INDEX CONCURRENTLY ");
            let timeout = if is_concurrent { Duration::ZERO } else { self.lock_timeout };
            let settings = format!(
                "SET search_path = pg_catalog, pg_temp; SET statement_timeout = 0; SET lock_timeout = {}",
                pool::timeout_millis(timeout)
            );
            sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut connection).await?;
            sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut connection).await?;
        }
        Ok(connection.close().await?)
    }

    async fn check_indexed_column(&self, table: &TableName, column: &str) -> Result<(), ValueIndexError> {
        let functions = self.capture_functions().await?;
        let mut policies = functions.into_iter().filter_map(|function| function.policy);
        let Some(policy) = policies.find(|policy| policy.table == *table) else {
            return Err(ValueIndexError::NotCaptured { table: table.clone() });
        };
        let (table, name) = (table.clone(), column.to_owned());
        let is_in = |columns: &[String]| columns.iter().any(|listed| listed == column);
        if !is_in(&policy.columns) {
            return Err(ValueIndexError::UnknownColumn { table, column: name, columns: policy.columns });
        }
        if is_in(&policy.exclude) || is_in(&policy.mask) {
            return Err(ValueIndexError::NotRecorded { table, column: name });
        }
        if is_in(&policy.except_columns) {
            return Err(ValueIndexError::ChangesNotRecorded { table, column: name });
        }
        Ok(())
    }
}

/// Returns the hash by which the trail finds the changes of the table; none if it has no such column.
async fn table_hash(
    connection: &mut PgConnection,
    schema: &StorageSchema,
    table: &TableName,
) -> Result<Option<i32>, sqlx::Error> {
    let is_installed: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
                        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                        WHERE n.nspname = $1 AND c.relname = 'audit_changes' AND c.relkind = 'p' AND a.attname = 'table_hash')",
    )
    .bind(schema.name())
    .persistent(false)
    .fetch_one(&mut *connection)
    .await?;
    if !is_installed {
        return Ok(None);
    }
    sqlx::query_scalar(AssertSqlSafe(schema.fill("SELECT __schema__.threadline_table_hash($1, $2)")))
        .bind(table.schema())
        .bind(table.name())
        .persistent(false)
        .fetch_one(connection)
        .await
        .map(Some)
}

/// Returns the partitions, the newest first, with their parts of an index.
async fn partitions(
    connection: &mut PgConnection,
    schema: &StorageSchema,
    index: &str,
) -> Result<Vec<Partition>, sqlx::Error> {
    sqlx::query_as(
        "SELECT part.relname::text AS name, $2 || '_' || part.oid AS index_name, coalesce(i.indisvalid, false) AS is_indexed,
                i.indexrelid IS NOT NULL AND NOT i.indisvalid AS is_invalid,
                EXISTS (SELECT FROM pg_catalog.pg_inherits AS attached JOIN pg_catalog.pg_index AS own ON own.indexrelid = attached.inhrelid
                        JOIN pg_catalog.pg_class AS whole ON whole.oid = attached.inhparent
                        WHERE own.indrelid = part.oid AND whole.relname = $2 AND whole.relnamespace = n.oid) AS is_attached
         FROM pg_catalog.pg_namespace AS n
         JOIN pg_catalog.pg_class AS parent ON parent.relnamespace = n.oid AND parent.relname = 'audit_changes'
         JOIN pg_catalog.pg_inherits AS inherits ON inherits.inhparent = parent.oid
         JOIN pg_catalog.pg_class AS part ON part.oid = inherits.inhrelid
         LEFT JOIN pg_catalog.pg_class AS child ON child.relnamespace = n.oid AND child.relname = $2 || '_' || part.oid
         LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = child.oid AND i.indrelid = part.oid
         WHERE n.nspname = $1 ORDER BY part.relname DESC",
    )
    .bind(schema.name())
    .bind(index)
    .persistent(false)
    .fetch_all(connection)
    .await
}
