//! Captured tables and their key columns.

use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row, query_scalar};

use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::engine::thresholds::KEY_SAMPLE;
use crate::query::model::change::Change;
use crate::query::model::cursor::Position;
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;
use crate::{Scope, TableName};

/// A captured table, with its columns as the catalogue has them now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CapturedTable {
    /// The name.
    pub name: TableName,
    /// The names of its columns, in the order of the table.
    pub columns: Vec<String>,
}

impl Snapshot<'_> {
    /// Returns the tables with a capture trigger, sorted by name. A limited scope returns only the tables that it names.
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn captured_tables(&mut self, scope: &Scope) -> Result<Vec<TableName>, QueryError> {
        let rows = self.fetch_all(select_captured("")).await?;
        let mut tables = Vec::with_capacity(rows.len());
        for row in rows {
            tables.extend(Some(table_name(&row)?).filter(|table| scope.names(table)));
        }
        Ok(tables)
    }

    /// Returns the same tables with their columns.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    ///
    /// for table in trail.snapshot().await?.captured_columns(&Scope::unscoped()).await? {
    ///     println!("{}: {}", table.name, table.columns.join(", "));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn captured_columns(&mut self, scope: &Scope) -> Result<Vec<CapturedTable>, QueryError> {
        let rows = self.fetch_all(select_captured(COLUMNS)).await?;
        let mut tables = Vec::with_capacity(rows.len());
        for row in rows {
            let table = CapturedTable { name: table_name(&row)?, columns: row.try_get("columns")? };
            tables.extend(Some(table).filter(|table| scope.names(&table.name)));
        }
        Ok(tables)
    }

    /// Returns whether the scope shows a change of the table, or the table is captured and the scope names it.
    pub(super) async fn is_known_table(
        &mut self,
        scope: &Scope,
        table: &TableName,
    ) -> Result<bool, QueryError> {
        let filter = Filter { table: Some(table.into()), ..Filter::default() };
        let newest = self.newest_keys(Criteria::new(scope, &filter)).await?;
        Ok(!newest.is_empty() || self.is_captured(scope, table).await?)
    }

    /// Returns whether the table is captured and the scope names it.
    async fn is_captured(&mut self, scope: &Scope, table: &TableName) -> Result<bool, QueryError> {
        Ok(self.captured_tables(scope).await?.contains(table))
    }

    /// Returns the columns that identify the rows of a table, sorted by name: those of its newest change or, before the first
    /// change, those of its primary key.
    ///
    /// Returns `None` if they are not known: the table has no capture trigger or no primary key, or the scope does not name it.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    ///
    /// let columns = trail.snapshot().await?.key_columns(&Scope::unscoped(), &"order_lines".into()).await?;
    /// assert_eq!(columns, Some(vec!["line".to_owned(), "order".to_owned()]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn key_columns(
        &mut self,
        scope: &Scope,
        table: &TableName,
    ) -> Result<Option<Vec<String>>, QueryError> {
        let filter = Filter { table: Some(table.into()), ..Filter::default() };
        if let Some(change) = self.newest_keys(Criteria::new(scope, &filter)).await?.find() {
            return Ok(Some(change.key.columns().map(str::to_owned).collect()));
        }
        if !self.is_captured(scope, table).await? {
            return Ok(None);
        }
        let columns = self.primary_key(table).await?;
        Ok(Some(columns).filter(|columns| !columns.is_empty()))
    }

    /// Returns an error if the table is not captured, or if no row of it can have the key: that is a mistake, not an empty
    /// history.
    pub(in crate::query) async fn check_key(&mut self, criteria: Criteria<'_>) -> Result<(), QueryError> {
        let Some((table, key)) = criteria.filter.row() else { return Ok(()) };
        let of_table = Filter { table: Some(table.into()), ..Filter::default() };
        let newest = self.newest_keys(criteria.with_filter(&of_table)).await?;
        if newest.is_empty() && !self.is_captured(criteria.scope, table).await? {
            return Err(QueryError::NotCaptured { table: table.clone() });
        }
        let Some(change) = newest.find() else { return Ok(()) };
        if change.key.columns().eq(key.columns()) {
            return Ok(());
        }
        Err(QueryError::KeyMismatch {
            table: table.clone(),
            given: key.columns().map(str::to_owned).collect(),
            expected: change.key.columns().map(str::to_owned).collect(),
        })
    }

    /// Reads a few of the newest changes; see [`NewestKeys::find`].
    pub(super) async fn newest_keys(&mut self, criteria: Criteria<'_>) -> Result<NewestKeys, QueryError> {
        let rows = self.find_all(criteria, Position::Newest, KEY_SAMPLE).await?;
        Ok(NewestKeys(rows.into_iter().map(|row| row.change).collect()))
    }

    async fn primary_key(&mut self, table: &TableName) -> Result<Vec<String>, QueryError> {
        // The key columns of an index come before those that it only includes.
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
        let columns = columns.fetch_all(self.connection()).await;
        self.end_statement();
        Ok(columns?)
    }
}

/// The columns of a table `c`, in its order.
const COLUMNS: &str = ", ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns";

/// Returns the statement that reads the captured tables `c`, with more columns of its result.
fn select_captured(more: &str) -> QueryBuilder<Postgres> {
    QueryBuilder::new(format!(
        r"SELECT n.nspname::text AS schema, c.relname::text AS name{more}
          FROM (SELECT DISTINCT t.tgrelid FROM pg_catalog.pg_trigger AS t
                WHERE NOT t.tgisinternal AND t.tgname LIKE 'threadline\_audit\_%') AS captured
          JOIN pg_catalog.pg_class AS c ON c.oid = captured.tgrelid
          JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
          ORDER BY 1, 2"
    ))
}

fn table_name(row: &PgRow) -> Result<TableName, sqlx::Error> {
    Ok(TableName::new(row.try_get::<String, _>("schema")?, row.try_get::<String, _>("name")?))
}

/// A few of the newest changes of a table, newest first.
pub(super) struct NewestKeys(Vec<Change>);

impl NewestKeys {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the newest change that has a key; a TRUNCATE has none.
    pub(super) fn find(self) -> Option<Change> {
        self.0.into_iter().find(|change| !change.key.is_empty())
    }
}
