//! What may have removed a row without a change of its own.
//!
//! No trigger tells that a partition was detached, or a table dropped or renamed. The trail remembers under which names tables
//! and partitions were captured (`threadline_captured_relations`) and compares that with the catalogue.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::postgres::types::Oid;
use sqlx::{FromRow, QueryBuilder};

use crate::TableName;
use crate::query::engine::reader::Reader;
use crate::query::{Change, QueryError};

/// Something that may have removed a row, of which the trail does not know enough. Displays as a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PossibleRemoval {
    /// A partition was emptied, and it is not known whether the row was in it.
    PartitionTruncated {
        /// The partition, with its schema.
        partition: String,
        /// The transaction that emptied it.
        transaction_id: uuid::Uuid,
        /// When.
        at: DateTime<Utc>,
    },
    /// Two rows had the key within a transaction, which deleted one of them, and the deleted row was not kept: it may have been
    /// this one.
    OtherRow {
        /// The transaction.
        transaction_id: uuid::Uuid,
    },
    /// A partition was detached or dropped, and it is not known whether the row was in it.
    PartitionGone {
        /// The partition.
        partition: TableName,
        /// When it was last known to be there.
        last_seen: DateTime<Utc>,
    },
    /// The rows of the table have other key columns since, as after a key column was renamed: changes are recorded under those.
    KeyColumnsReplaced {
        /// The key columns now.
        columns: Vec<String>,
        /// When that was first known.
        known_at: DateTime<Utc>,
    },
    /// The table was dropped.
    TableGone {
        /// The table.
        table: TableName,
        /// When it was last known to be there; not known for a table that this library did not capture.
        last_seen: Option<DateTime<Utc>>,
    },
    /// The table has another name or schema now; changes are recorded under that one.
    TableRenamed {
        /// Its name now.
        to: TableName,
        /// When it was last known under the earlier name.
        last_seen: DateTime<Utc>,
    },
}

impl PossibleRemoval {
    pub(in crate::query) fn of_truncate(change: &Change) -> Self {
        Self::PartitionTruncated {
            partition: change.partition.clone().unwrap_or_default(),
            transaction_id: change.transaction_id,
            at: change.captured_at,
        }
    }
}

impl fmt::Display for PossibleRemoval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |at: &DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S UTC");
        match self {
            Self::PartitionTruncated { partition, at, .. } => {
                write!(f, "the partition {partition} was truncated at {}", time(at))
            }
            Self::OtherRow { transaction_id } => {
                write!(
                    f,
                    "the transaction {transaction_id} deleted this row or another one that had the same key"
                )
            }
            Self::PartitionGone { partition, last_seen } => {
                write!(f, "the partition {partition} was detached or dropped after {}", time(last_seen))
            }
            Self::KeyColumnsReplaced { columns, known_at } => {
                let columns = columns.join(", ");
                write!(f, "rows of the table have the key ({columns}) since {} or earlier", time(known_at))
            }
            Self::TableGone { table, last_seen: Some(last_seen) } => {
                write!(f, "the table {table} was dropped after {}", time(last_seen))
            }
            Self::TableGone { table, last_seen: None } => {
                write!(f, "there is no table {table} any more: it was dropped, renamed or moved")
            }
            Self::TableRenamed { to, last_seen } => {
                write!(f, "the table is called {to} since some time after {}", time(last_seen))
            }
        }
    }
}

/// A captured table as it was seen under a name, or one of its partitions, and what has become of it.
#[derive(Debug, FromRow)]
struct Seen {
    relation: Oid,
    table_schema: String,
    table_name: String,
    /// Of a partition: the table that it belonged to.
    root_relation: Option<Oid>,
    first_seen: DateTime<Utc>,
    last_seen: DateTime<Utc>,
    /// When the period was found to have ended, or none where nobody has looked since.
    gone_at: Option<DateTime<Utc>>,
    /// Under which name changes of the relation are recorded now; none where it is gone.
    schema_now: Option<String>,
    name_now: Option<String>,
    /// The table has its name still, or the partition belongs to the table still.
    is_current: bool,
}

impl Seen {
    fn name(&self) -> TableName {
        TableName::new(self.table_schema.as_str(), self.table_name.as_str())
    }

    fn name_now(&self) -> Option<TableName> {
        Some(TableName::new(self.schema_now.as_deref()?, self.name_now.as_deref()?))
    }

    /// Whether the period may have ended between the last change of a row and a moment.
    fn may_have_ended(&self, last_change: DateTime<Utc>, at: DateTime<Utc>) -> bool {
        let has_ended = !self.is_current || self.gone_at.is_some();
        has_ended && at > self.last_seen && self.gone_at.is_none_or(|gone_at| last_change < gone_at)
    }
}

impl Reader<'_> {
    /// What may have removed a row of the table between its last change and a moment.
    pub(in crate::query) async fn possible_removals(
        &mut self,
        table: &TableName,
        last_change: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> Result<Vec<PossibleRemoval>, QueryError> {
        let seen = if self.layout().has_relations { self.seen_relations(table).await? } else { Vec::new() };
        let tables = || seen.iter().filter(|seen| seen.root_relation.is_none() && seen.name() == *table);
        // The relation that had the name when the row was changed last.
        let holder = tables()
            .filter(|seen| seen.first_seen <= last_change)
            .max_by_key(|seen| seen.first_seen)
            .or_else(|| tables().min_by_key(|seen| seen.first_seen));
        let Some(holder) = holder else {
            let is_gone = !self.exists(table).await?;
            let cause = PossibleRemoval::TableGone { table: table.clone(), last_seen: None };
            return Ok(is_gone.then_some(cause).into_iter().collect());
        };
        if holder.may_have_ended(last_change, at)
            && let Some(cause) = end_of_name(&seen, holder)
        {
            return Ok(vec![cause]);
        }
        let is_partition = |seen: &&Seen| seen.root_relation == Some(holder.relation);
        let gone = seen.iter().filter(is_partition).filter(|seen| seen.may_have_ended(last_change, at));
        let gone = gone
            .map(|seen| PossibleRemoval::PartitionGone { partition: seen.name(), last_seen: seen.last_seen });
        Ok(gone.collect())
    }

    /// The relations that bore the name, all of their names, and their partitions. What was noted in another database, from which
    /// this one was restored, says nothing of the relations here.
    async fn seen_relations(&mut self, table: &TableName) -> Result<Vec<Seen>, QueryError> {
        let mut sql = QueryBuilder::new(self.fill(
            "WITH holder AS (
               SELECT DISTINCT relation FROM __schema__.threadline_captured_relations
               WHERE root_relation IS NULL AND table_schema = ",
        ));
        sql.push_bind(table.schema().to_owned())
            .push(" AND table_name = ")
            .push_bind(table.name().to_owned());
        sql.push(self.fill(
            ")
             SELECT s.relation, s.table_schema, s.table_name, s.root_relation, s.first_seen, s.last_seen, s.gone_at,
                    n.nspname::text AS schema_now, recorded.relname::text AS name_now,
                    CASE WHEN s.root_relation IS NULL
                         THEN (n.nspname, recorded.relname) IS NOT DISTINCT FROM (s.table_schema, s.table_name)
                         ELSE recorded.oid IS NOT DISTINCT FROM s.root_relation AND recorded.oid <> s.relation END AS is_current
             FROM (SELECT s.* FROM holder JOIN __schema__.threadline_captured_relations AS s ON s.relation = holder.relation
                   UNION ALL
                   SELECT s.* FROM holder JOIN __schema__.threadline_captured_relations AS s
                     ON s.root_relation = holder.relation) AS s
             LEFT JOIN pg_catalog.pg_class AS c ON c.oid = s.relation
             LEFT JOIN pg_catalog.pg_class AS recorded
               ON recorded.oid = coalesce(pg_catalog.pg_partition_root(c.oid), c.oid)
             LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = recorded.relnamespace
             WHERE s.catalog_identity = __schema__.threadline_catalog_identity()
             ORDER BY s.id",
        ));
        let rows = self.fetch_all(sql).await?;
        Ok(rows.iter().map(Seen::from_row).collect::<Result<_, _>>()?)
    }

    async fn exists(&mut self, table: &TableName) -> Result<bool, QueryError> {
        let found = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                            WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p'))",
        );
        let found = found.bind(table.schema()).bind(table.name()).persistent(false);
        Ok(found.fetch_one(self.connection()).await?)
    }
}

/// Why the relation no longer has the name, or had another one meanwhile; none where it was only not captured.
fn end_of_name(seen: &[Seen], holder: &Seen) -> Option<PossibleRemoval> {
    let last_seen = holder.last_seen;
    let later =
        seen.iter().filter(|seen| seen.relation == holder.relation && seen.first_seen > holder.first_seen);
    let next = later.min_by_key(|seen| seen.first_seen).map(|next| match next.root_relation {
        None => Some(next.name()),
        Some(_) => next.name_now(),
    });
    match next.flatten().or_else(|| holder.name_now()) {
        None => Some(PossibleRemoval::TableGone { table: holder.name(), last_seen: Some(last_seen) }),
        Some(to) => (to != holder.name()).then_some(PossibleRemoval::TableRenamed { to, last_seen }),
    }
}
