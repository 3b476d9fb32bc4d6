//! Indexes for the search of whole values of one column.
//!
//! Two partial indexes contain a change of the table that gave the column a value or took it away: one by its new value, one by its old.
//! They contain a hash of the value, because a value may be longer than an entry of an index, and the time, so that a page is read in
//! order. `audit_changes` is partitioned and cannot be indexed without blocking writes, so each partition is indexed by itself, and its
//! index attached to the one of the whole table; PostgreSQL indexes new partitions.

mod plan;

use sha2::{Digest, Sha256};
use sqlx::{QueryBuilder, Row};

pub use self::plan::{ValueIndexError, ValueIndexPlan};
use crate::TableName;
use crate::capture::literal;
use crate::query::engine::snapshot::Snapshot;
use crate::query::model::error::QueryError;

/// The prefix of the name of every index.
const PREFIX: &str = "audit_changes_value_";

/// An index of one side of the changes of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum IndexedSide {
    /// The values that changes left.
    New,
    /// The values that were there before.
    Old,
}

impl IndexedSide {
    pub(in crate::query) const ALL: [Self; 2] = [Self::New, Self::Old];

    const fn suffix(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Old => "old",
        }
    }

    /// Returns the column of the image.
    pub(in crate::query) const fn image(self) -> &'static str {
        match self {
            Self::New => "data_after",
            Self::Old => "changed_from",
        }
    }

    /// Returns the indexed hash. `alias` stands before the names of columns. Queries have to spell it, and the
    /// [predicate](Self::predicate), like the index.
    pub(in crate::query) fn hash(self, alias: &str, column: &str) -> String {
        format!("pg_catalog.hashtextextended({alias}{} ->> {}, 0)", self.image(), literal(column))
    }

    /// Returns the condition of the changes in the index.
    pub(in crate::query) fn predicate(self, alias: &str, table_hash: i32, column: &str) -> String {
        format!(
            "{alias}table_hash = {table_hash} AND {alias}{} IS NOT NULL AND ({alias}op <> 'update' OR {alias}changed_fields @> ARRAY[{}])",
            self.image(),
            literal(column)
        )
    }

    /// Returns the name of the index, which is a hash of the table and the column.
    pub(in crate::query) fn name(self, table: &TableName, column: &str) -> String {
        format!("{PREFIX}{}_{}", short_hash(table, column), self.suffix())
    }
}

/// Returns twelve digits that differ between columns.
fn short_hash(table: &TableName, column: &str) -> String {
    // Names hold no NUL.
    let digest = Sha256::digest(format!("{}\0{}\0{column}", table.schema(), table.name()));
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// The indexes of a column, for a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::query) struct ValueIndex {
    pub(in crate::query) table: TableName,
    pub(in crate::query) column: String,
    pub(in crate::query) table_hash: i32,
}

impl Snapshot<'_> {
    /// Returns the indexes of the column whose whole value a filter asks for, if they are complete.
    pub(in crate::query) async fn find_value_index(
        &mut self,
        table: &TableName,
        column: &str,
    ) -> Result<Option<ValueIndex>, QueryError> {
        let mut sql = QueryBuilder::new(self.fill("SELECT __schema__.threadline_table_hash("));
        sql.push_bind(table.schema().to_owned()).push(", ").push_bind(table.name().to_owned());
        sql.push(
            ") FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
             JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
             WHERE i.indisvalid AND n.nspname = ",
        );
        sql.push_bind(self.schema().name().to_owned()).push(" AND c.relname = ANY (");
        sql.push_bind(IndexedSide::ALL.map(|side| side.name(table, column)).to_vec()).push(")");
        let rows = self.fetch_all(sql).await?;
        let Some(row) = rows.first().filter(|_| rows.len() == IndexedSide::ALL.len()) else {
            return Ok(None);
        };
        Ok(Some(ValueIndex { table: table.clone(), column: column.to_owned(), table_hash: row.try_get(0)? }))
    }
}
