//! Reads the key of a row as it was typed, with the key columns of its table and their types.

use std::collections::BTreeMap;

use sqlx::Row;

use super::key_type::{KeyType, ReadValue, labels, spellings};
use super::names::distance_rank;
use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::model::cursor::Position;
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;
use crate::query::model::row_key::RowKey;
use crate::{Scope, TableName};

/// The key of a row as it was typed, read with the key columns of its table and their types.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypedKey {
    /// A key that a row of the table can have. A number is written as PostgreSQL writes it, so `#5,041` is 5041.
    Key(RowKey),
    /// The type of a key column cannot hold the value.
    WrongType {
        /// The column.
        column: String,
        /// The value as it was typed.
        value: String,
        /// The values that the type holds.
        expected: KeyType,
        /// The key of a row with changes in the scope that was probably meant: `Invoice 8841` contains the number 8841.
        nearest: Option<RowKey>,
    },
    /// The text names other columns than those of the key.
    OtherColumns {
        /// The key columns, sorted by name; empty if they are not known.
        columns: Vec<String>,
    },
}

impl Snapshot<'_> {
    /// Reads the key of a row as it was typed: its value, if the key has one column, or each column with its value.
    ///
    /// If the type of a column is a number, a value in the form in which people write it is accepted: `#5041`, `5,041`, `05041`,
    /// `id: 5041`, `ticket 5041` in a table `tickets`. A UUID is read in any form that PostgreSQL reads. A text is taken literally;
    /// [`other_spelling`](Self::other_spelling) finds a row that was meant instead.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::{RowKey, TypedKey};
    ///
    /// let mut snapshot = trail.snapshot().await?;
    /// let key = snapshot.read_key(&Scope::unscoped(), &"tickets".into(), "Ticket #5,041").await?;
    /// assert_eq!(key, TypedKey::Key(RowKey::from([("id", 5041)])));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::NotCaptured`] if the table has neither a change in the scope nor a capture trigger, or the scope does not
    /// name it. [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn read_key(
        &mut self,
        scope: &Scope,
        table: &TableName,
        text: &str,
    ) -> Result<TypedKey, QueryError> {
        let columns = self.columns_of_key(scope, table).await?;
        let trimmed = text.trim();
        let parsed = RowKey::parse(&columns, trimmed).ok();
        match parsed.or_else(|| other_form(&columns, trimmed)) {
            Some(key) => self.read_as_recorded(scope, table, &key).await,
            None => Ok(TypedKey::OtherColumns { columns }),
        }
    }

    /// Reads the values of a key, each by the type of its column.
    ///
    /// # Errors
    /// As [`read_key`](Self::read_key).
    pub async fn read_key_values(
        &mut self,
        scope: &Scope,
        table: &TableName,
        key: &RowKey,
    ) -> Result<TypedKey, QueryError> {
        let columns = self.columns_of_key(scope, table).await?;
        if !columns.is_empty() && !key.columns().eq(columns.iter().map(String::as_str)) {
            return match other_form(&columns, &key.to_string()) {
                Some(key) => self.read_as_recorded(scope, table, &key).await,
                None => Ok(TypedKey::OtherColumns { columns }),
            };
        }
        self.read_as_recorded(scope, table, key).await
    }

    /// Returns the key of a row with changes in the scope whose key is a text that differs from this one only in its spelling: in
    /// case, in white space around it, or in a name before it, such as `id: `.
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn other_spelling(
        &mut self,
        scope: &Scope,
        table: &TableName,
        key: &RowKey,
    ) -> Result<Option<RowKey>, QueryError> {
        let mut columns = key.iter();
        let (Some((column, Some(value))), None) = (columns.next(), columns.next()) else { return Ok(None) };
        for spelling in spellings(value, &labels(table, column)) {
            let other = RowKey::from([(column, spelling)]);
            if self.has_row_changes(scope, table, &other).await? {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    async fn columns_of_key(&mut self, scope: &Scope, table: &TableName) -> Result<Vec<String>, QueryError> {
        match self.key_columns(scope, table).await? {
            Some(columns) => Ok(columns),
            None if self.is_known_table(scope, table).await? => Ok(Vec::new()),
            None => Err(QueryError::NotCaptured { table: table.clone() }),
        }
    }

    /// Reads the values by the types that their columns have now, unless changes were recorded under the key as it is written, before
    /// a column got its type.
    async fn read_as_recorded(
        &mut self,
        scope: &Scope,
        table: &TableName,
        key: &RowKey,
    ) -> Result<TypedKey, QueryError> {
        let read = self.read_values(scope, table, key).await?;
        let is_literal = matches!(&read, TypedKey::Key(read) if read == key);
        if !is_literal && self.has_row_changes(scope, table, key).await? {
            return Ok(TypedKey::Key(key.clone()));
        }
        Ok(read)
    }

    async fn read_values(
        &mut self,
        scope: &Scope,
        table: &TableName,
        key: &RowKey,
    ) -> Result<TypedKey, QueryError> {
        let types = self.key_types(table).await?;
        let mut read = BTreeMap::new();
        for (column, value) in key.iter() {
            let Some(value) = value else { return Ok(TypedKey::Key(key.clone())) };
            let expected = types.get(column).copied().unwrap_or(KeyType::Other);
            match expected.read(value, &labels(table, column)) {
                ReadValue::Value(value) => drop(read.insert(column.to_owned(), value)),
                ReadValue::Wrong(meant) => {
                    let nearest = match meant.map(|meant| with_value(key, column, &meant)) {
                        Some(nearest) if self.has_row_changes(scope, table, &nearest).await? => Some(nearest),
                        _ => None,
                    };
                    let (column, value) = (column.to_owned(), value.to_owned());
                    return Ok(TypedKey::WrongType { column, value, expected, nearest });
                }
            }
        }
        Ok(TypedKey::Key(read.into_iter().collect()))
    }

    async fn has_row_changes(
        &mut self,
        scope: &Scope,
        table: &TableName,
        key: &RowKey,
    ) -> Result<bool, QueryError> {
        let filter = Filter { table: Some(table.into()), key: Some(key.clone()), ..Filter::default() };
        Ok(!self.find(Criteria::new(scope, &filter), Position::Newest, 1).await?.rows.is_empty())
    }

    /// Reads the types of the columns of a table from the catalogue; that of a domain is the type beneath it. A table that does not
    /// exist any more has none.
    async fn key_types(&mut self, table: &TableName) -> Result<BTreeMap<String, KeyType>, QueryError> {
        let rows = sqlx::query(
            "SELECT a.attname::text, b.typname::text
             FROM pg_catalog.pg_class AS c
             JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
             JOIN pg_catalog.pg_type AS b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
             WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')
               AND b.typnamespace = 'pg_catalog'::regnamespace",
        );
        let rows = rows.bind(table.schema()).bind(table.name()).persistent(false);
        let rows = rows.fetch_all(self.connection()).await;
        self.end_statement();
        let read =
            |row: sqlx::postgres::PgRow| Ok((row.try_get(0)?, KeyType::of(&row.try_get::<String, _>(1)?)));
        rows?.into_iter().map(read).collect()
    }
}

/// Returns the key with another value of one column.
fn with_value(key: &RowKey, column: &str, value: &str) -> RowKey {
    let value_of = |name: &str, own: Option<&str>| match name == column {
        true => value.to_owned(),
        false => own.unwrap_or_default().to_owned(),
    };
    key.iter().map(|(name, own)| (name, value_of(name, own))).collect()
}

/// Reads a key whose columns are written in another case, or are separated as a person or the command line separates them.
fn other_form(columns: &[String], text: &str) -> Option<RowKey> {
    other_case(columns, text).or_else(|| {
        let parts = text.split([',', ';', '&']).map(str::trim).filter(|part| !part.is_empty());
        other_case(columns, &parts.collect::<Vec<_>>().join("&")).filter(|_| columns.len() > 1)
    })
}

/// Reads a key whose columns are written in another case.
fn other_case(columns: &[String], text: &str) -> Option<RowKey> {
    let key: RowKey = text.parse().ok()?;
    let renamed: Option<RowKey> = key
        .iter()
        .map(|(name, value)| {
            let column = columns.iter().find(|column| distance_rank(name, column) == Some(0))?;
            Some((column.clone(), value?.to_owned()))
        })
        .collect::<Option<Vec<_>>>()
        .map(RowKey::from);
    renamed.filter(|key| key.columns().eq(columns.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_of_several_columns_is_read_with_other_separators_and_case() {
        let columns = ["line".to_owned(), "order".to_owned()];
        let expected = Some(RowKey::from([("order", "#7"), ("line", "2")]));
        for text in ["order=#7, line=2", "Order=%237&LINE=2", "order=#7;line =2"] {
            assert_eq!(other_form(&columns, text), expected, "{text}");
        }
        for text in ["order=7&number=2", "7,2", "order=7", "order=7,order=8,line=2"] {
            assert_eq!(other_form(&columns, text), None, "{text}");
        }
        let one = RowKey::from([("id", "1,line=2")]);
        assert_eq!(other_form(&["id".to_owned()], "id=1,line=2"), Some(one));
    }
}
