//! Events that may have removed a row without a change of its own.
//!
//! No trigger fires when a partition is detached, or when a table is dropped or renamed. The trail records the names under which
//! tables and partitions were captured (`threadline_captured_relations`), and compares them with the catalogue.

use chrono::{DateTime, Utc};
use sqlx::postgres::types::Oid;
use sqlx::{FromRow, QueryBuilder};

use crate::TableName;
use crate::query::engine::snapshot::Snapshot;
use crate::query::model::error::QueryError;
use crate::query::model::possible_removal::PossibleRemoval;

/// A period in which a captured table, or one of its partitions, had a name, and what the catalogue says of it now.
#[derive(Debug, FromRow)]
struct NamedPeriod {
    relation: Oid,
    table_schema: String,
    table_name: String,
    /// The table to which a partition belonged.
    root_relation: Option<Oid>,
    first_seen: DateTime<Utc>,
    last_seen: DateTime<Utc>,
    /// The time at which the period was found to have ended; none if nobody has checked since.
    gone_at: Option<DateTime<Utc>>,
    /// The schema under which changes of the relation are recorded now; none if it is gone.
    schema_now: Option<String>,
    name_now: Option<String>,
    /// True if the table still has the name, or the partition still belongs to the table.
    is_current: bool,
}

impl NamedPeriod {
    fn name(&self) -> TableName {
        TableName::new(self.table_schema.as_str(), self.table_name.as_str())
    }

    fn name_now(&self) -> Option<TableName> {
        Some(TableName::new(self.schema_now.as_deref()?, self.name_now.as_deref()?))
    }

    /// Returns whether the period may have ended between the last change of a row and a moment.
    fn may_have_ended(&self, last_change: DateTime<Utc>, at: DateTime<Utc>) -> bool {
        let has_ended = !self.is_current || self.gone_at.is_some();
        has_ended && at > self.last_seen && self.gone_at.is_none_or(|gone_at| last_change < gone_at)
    }
}

/// Returns the events that may have removed a row of the table between its last change and a moment.
pub(super) async fn possible_removals(
    snapshot: &mut Snapshot<'_>,
    table: &TableName,
    last_change: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Result<Vec<PossibleRemoval>, QueryError> {
    let seen =
        if snapshot.features().has_relations { named_periods(snapshot, table).await? } else { Vec::new() };
    let tables = || seen.iter().filter(|seen| seen.root_relation.is_none() && seen.name() == *table);
    // The relation that had the name at the last change of the row.
    let holder = tables()
        .filter(|seen| seen.first_seen <= last_change)
        .max_by_key(|seen| seen.first_seen)
        .or_else(|| tables().min_by_key(|seen| seen.first_seen));
    let Some(holder) = holder else {
        let is_gone = !exists(snapshot, table).await?;
        let cause = PossibleRemoval::TableGone { table: table.clone(), last_seen: None };
        return Ok(is_gone.then_some(cause).into_iter().collect());
    };
    if holder.may_have_ended(last_change, at)
        && let Some(cause) = end_of_name(&seen, holder)
    {
        return Ok(vec![cause]);
    }
    let is_partition = |seen: &&NamedPeriod| seen.root_relation == Some(holder.relation);
    let gone = seen.iter().filter(is_partition).filter(|seen| seen.may_have_ended(last_change, at));
    let gone =
        gone.map(|seen| PossibleRemoval::PartitionGone { partition: seen.name(), last_seen: seen.last_seen });
    Ok(gone.collect())
}

/// Returns the periods of the relations that had the name, under all of their names, and those of their partitions. Records of
/// another database, from which this one was restored, are about other relations.
async fn named_periods(
    snapshot: &mut Snapshot<'_>,
    table: &TableName,
) -> Result<Vec<NamedPeriod>, QueryError> {
    let mut sql = QueryBuilder::new(snapshot.fill(
        "WITH holder AS (
           SELECT DISTINCT relation FROM __schema__.threadline_captured_relations
           WHERE root_relation IS NULL AND table_schema = ",
    ));
    sql.push_bind(table.schema().to_owned()).push(" AND table_name = ").push_bind(table.name().to_owned());
    sql.push(snapshot.fill(
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
    let rows = snapshot.fetch_all(sql).await?;
    Ok(rows.iter().map(NamedPeriod::from_row).collect::<Result<_, _>>()?)
}

async fn exists(snapshot: &mut Snapshot<'_>, table: &TableName) -> Result<bool, QueryError> {
    let found = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                        WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p'))",
    );
    let found = found.bind(table.schema()).bind(table.name()).persistent(false);
    let exists = found.fetch_one(snapshot.connection()).await;
    snapshot.end_statement();
    Ok(exists?)
}

/// Returns why the relation no longer has the name, or had another one in between; none if it only was not captured.
fn end_of_name(seen: &[NamedPeriod], holder: &NamedPeriod) -> Option<PossibleRemoval> {
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
