//! Reads a table to capture from the catalogue.

use sqlx::postgres::types::Oid;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Row};

use super::key::resolve_key;
use super::naming::TRIGGER_PREFIX;
use super::{CaptureError, TablePolicy};
use crate::{StorageSchema, TableName};

/// A table that can be captured, with the state that it has now.
#[derive(Debug, Clone)]
pub(super) struct CapturableTable {
    pub(super) name: TableName,
    pub(super) oid: Oid,
    /// The name under which its changes are recorded: for a partition, that of the root.
    pub(super) recorded_name: TableName,
    /// The columns that identify a row, in key order.
    pub(super) key: Vec<String>,
    /// All columns, in the order of the table.
    pub(super) columns: Vec<String>,
    /// The types of the columns.
    pub(super) types: Vec<String>,
    /// The digest of the columns and their types, by `threadline_columns_digest` of the storage schema.
    pub(super) columns_digest: String,
    /// Generated columns without a stored value, which triggers cannot see.
    pub(super) virtual_columns: Vec<String>,
    /// The settings that the text of its values depends on, as arguments of `SET`.
    pub(super) settings: Vec<&'static str>,
    /// The table is partitioned, or is a partition.
    pub(super) is_partitioned: bool,
    /// The table is unlogged: a crash empties it, while the changes of its rows remain.
    pub(super) is_unlogged: bool,
    /// The table inherits or is inherited from, other than by partitioning.
    pub(super) inherits: bool,
    /// One foreign key deletes its rows and another sets columns to NULL or a default when a referenced row is deleted.
    pub(super) is_deleted_and_updated: bool,
    /// The host's own AFTER ROW triggers, which may write to the table again.
    pub(super) row_triggers: Vec<String>,
    /// The schemas of other audit trails that capture the table.
    pub(super) other_trails: Vec<String>,
    /// The partitions or inheriting tables below it, without those that have their own capture function.
    pub(super) descendants: Vec<TableName>,
}

/// Reads the table of a policy, and checks that it can be captured with that policy.
pub(super) async fn inspect(
    connection: &mut PgConnection,
    storage: &StorageSchema,
    policy: &TablePolicy,
) -> Result<CapturableTable, CaptureError> {
    let table = &policy.table;
    let relation = sqlx::query(
        "SELECT c.oid, c.relkind IN ('r', 'p') AS is_table, c.relkind = 'p' OR c.relispartition AS partitioned,
                c.relpersistence = 'u' AS unlogged,
                EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE c.oid IN (i.inhparent, i.inhrelid)) AS inherits,
                (SELECT coalesce(bool_or(confdeltype = 'c') AND bool_or(confdeltype IN ('n', 'd')), false)
                 FROM pg_catalog.pg_constraint WHERE conrelid = c.oid AND contype = 'f') AS is_deleted_and_updated
         FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relname = $2",
    )
    .bind(table.schema())
    .bind(table.name())
    .persistent(false)
    .fetch_optional(&mut *connection)
    .await?
    .ok_or_else(|| CaptureError::NoSuchTable { table: table.clone() })?;
    if !relation.try_get::<bool, _>("is_table")? {
        return Err(CaptureError::NotATable { table: table.clone() });
    }
    let oid: Oid = relation.try_get("oid")?;
    if is_audit_table(connection, storage, table, oid).await? {
        return Err(CaptureError::AuditTable { table: table.clone() });
    }
    let is_partitioned: bool = relation.try_get("partitioned")?;
    let columns = columns(connection, oid).await?;
    let all: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    require_columns(policy, &all)?;
    require_no_generated_copy(connection, policy, oid).await?;
    let redacted = policy.redacted();
    let captured = || columns.iter().filter(|column| !redacted.contains(&column.name));
    Ok(CapturableTable {
        name: table.clone(),
        oid,
        recorded_name: recorded_name(connection, storage, oid).await?,
        key: resolve_key(connection, policy, oid).await?,
        types: columns.iter().map(|column| column.type_name.clone()).collect(),
        columns_digest: columns_digest(connection, storage, oid).await?,
        virtual_columns: captured().filter(|c| c.is_virtual).map(|c| c.name.clone()).collect(),
        settings: settings(&captured().collect::<Vec<_>>()),
        columns: all,
        inherits: relation.try_get::<bool, _>("inherits")? && !is_partitioned,
        is_deleted_and_updated: relation.try_get("is_deleted_and_updated")?,
        is_partitioned,
        is_unlogged: relation.try_get("unlogged")?,
        row_triggers: row_triggers(connection, oid).await?,
        other_trails: other_trails(connection, storage, oid).await?,
        descendants: descendants(connection, oid).await?,
    })
}

#[derive(Debug, FromRow)]
struct Column {
    name: String,
    type_name: String,
    is_virtual: bool,
    /// The names of the types that its values consist of.
    held_types: Vec<String>,
    /// Its values contain a base type that is not built in, whose output function may depend on any setting.
    holds_foreign_type: bool,
    /// Its values contain a date or time in a range or composite, which is written by the output function of that type.
    holds_nested_time: bool,
}

/// Reads all columns in the order of the table, with the types that they consist of through domains, arrays, ranges and
/// composites.
async fn columns(connection: &mut PgConnection, oid: Oid) -> Result<Vec<Column>, sqlx::Error> {
    sqlx::query_as(
        "WITH RECURSIVE held (attnum, type, is_nested) AS (
           SELECT attnum, atttypid, false FROM pg_catalog.pg_attribute
           WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
           UNION
           SELECT held.attnum, part.type, held.is_nested OR t.typtype IN ('r', 'm', 'c')
           FROM held JOIN pg_catalog.pg_type AS t ON t.oid = held.type
           CROSS JOIN LATERAL (
             SELECT t.typbasetype AS type WHERE t.typtype = 'd'
             UNION ALL SELECT t.typelem WHERE t.typelem <> 0
             UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range AS r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
             UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute AS a
                       WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
           ) AS part
         )
         SELECT a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_name,
                a.attgenerated = 'v' AS is_virtual,
                array_agg(t.typname::text) AS held_types,
                bool_or(t.oid >= 16384 AND t.typtype = 'b' AND t.typcategory <> 'A') AS holds_foreign_type,
                bool_or(held.is_nested AND t.typcategory = 'D') AS holds_nested_time
         FROM held
         JOIN pg_catalog.pg_type AS t ON t.oid = held.type
         JOIN pg_catalog.pg_attribute AS a ON a.attrelid = $1 AND a.attnum = held.attnum
         GROUP BY a.attnum, a.attname, a.atttypid, a.atttypmod, a.attgenerated ORDER BY a.attnum",
    )
    .bind(oid)
    .persistent(false)
    .fetch_all(connection)
    .await
}

/// Returns the settings that the text of these columns' values depends on.
fn settings(columns: &[&Column]) -> Vec<&'static str> {
    const FLOATING: [&str; 9] =
        ["float4", "float8", "point", "line", "lseg", "box", "path", "polygon", "circle"];
    let holds_foreign_type = columns.iter().any(|column| column.holds_foreign_type);
    let any =
        |wanted: &dyn Fn(&Column) -> bool| holds_foreign_type || columns.iter().any(|column| wanted(column));
    let holds =
        |is_it: &dyn Fn(&str) -> bool| any(&|column| column.held_types.iter().any(|name| is_it(name)));
    [
        (holds(&|name| name == "timestamptz"), "TimeZone = 'UTC'"),
        (any(&|column| column.holds_nested_time), "DateStyle = 'ISO, YMD'"),
        (holds(&|name| name == "interval"), "IntervalStyle = 'postgres'"),
        (holds(&|name| name == "bytea"), "bytea_output = 'hex'"),
        (holds(&|name| FLOATING.contains(&name)), "extra_float_digits = 1"),
        (holds(&|name| name.starts_with("reg")), "quote_all_identifiers = off"),
        (holds(&|name| name == "money"), "lc_monetary = 'C'"),
    ]
    .into_iter()
    .filter_map(|(is_needed, setting)| is_needed.then_some(setting))
    .collect()
}

async fn recorded_name(
    connection: &mut PgConnection,
    storage: &StorageSchema,
    oid: Oid,
) -> Result<TableName, sqlx::Error> {
    let sql = storage.fill("SELECT root[1], root[2] FROM __schema__.threadline_root_table($1) AS root");
    let name = sqlx::query_as(AssertSqlSafe(sql)).bind(oid).persistent(false);
    let (schema, name): (String, String) = name.fetch_one(connection).await?;
    Ok(TableName::new(schema, name))
}

async fn columns_digest(
    connection: &mut PgConnection,
    storage: &StorageSchema,
    oid: Oid,
) -> Result<String, sqlx::Error> {
    sqlx::query_scalar(AssertSqlSafe(storage.fill("SELECT __schema__.threadline_columns_digest($1)")))
        .bind(oid)
        .persistent(false)
        .fetch_one(connection)
        .await
}

/// Reads the schemas of the other audit trails whose capture functions the triggers of the table call.
async fn other_trails(
    connection: &mut PgConnection,
    storage: &StorageSchema,
    oid: Oid,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT DISTINCT n.nspname::text FROM pg_catalog.pg_trigger AS t
         JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
         JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
         WHERE t.tgrelid = $1 AND NOT t.tgisinternal AND starts_with(t.tgname::text, $2) AND n.nspname <> $3
         ORDER BY 1",
    )
    .bind(oid)
    .bind(TRIGGER_PREFIX)
    .bind(storage.name())
    .persistent(false)
    .fetch_all(connection)
    .await
}

/// Checks that the table has every column that the policy names.
fn require_columns(policy: &TablePolicy, existing: &[String]) -> Result<(), CaptureError> {
    for (list, named) in policy.column_lists() {
        let missing: Vec<String> = named.iter().filter(|name| !existing.contains(name)).cloned().collect();
        if !missing.is_empty() {
            let existing = existing.to_vec();
            return Err(CaptureError::NoSuchColumn {
                table: policy.table.clone(),
                list,
                columns: missing,
                existing,
            });
        }
    }
    Ok(())
}

/// Checks that no captured column is generated from a redacted one.
async fn require_no_generated_copy(
    connection: &mut PgConnection,
    policy: &TablePolicy,
    oid: Oid,
) -> Result<(), CaptureError> {
    let generated: Option<(String, String)> = sqlx::query_as(
        "SELECT generated.attname::text, source.attname::text
         FROM pg_catalog.pg_attribute AS generated
         JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = generated.attrelid AND d.adnum = generated.attnum
         JOIN pg_catalog.pg_depend AS p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
           AND p.refclassid = 'pg_class'::regclass AND p.refobjid = d.adrelid AND p.refobjsubid <> d.adnum
         JOIN pg_catalog.pg_attribute AS source ON source.attrelid = p.refobjid AND source.attnum = p.refobjsubid
         WHERE generated.attrelid = $1 AND generated.attgenerated <> '' AND source.attname = ANY ($2)
           AND generated.attname <> ALL ($2)
         ORDER BY generated.attnum LIMIT 1",
    )
    .bind(oid)
    .bind(policy.redacted())
    .persistent(false)
    .fetch_optional(connection)
    .await?;
    generated.map_or(Ok(()), |(column, redacted)| {
        Err(CaptureError::GeneratedFromRedacted { table: policy.table.clone(), column, redacted })
    })
}

async fn row_triggers(connection: &mut PgConnection, oid: Oid) -> Result<Vec<String>, sqlx::Error> {
    // tgtype: 1 is FOR EACH ROW, 2 is BEFORE, 64 is INSTEAD OF.
    sqlx::query_scalar(
        "SELECT tgname::text FROM pg_catalog.pg_trigger
         WHERE tgrelid = $1 AND NOT tgisinternal AND tgtype & 67 = 1 AND NOT starts_with(tgname::text, $2)
         ORDER BY tgname",
    )
    .bind(oid)
    .bind(TRIGGER_PREFIX)
    .persistent(false)
    .fetch_all(connection)
    .await
}

/// Reads the partitions or inheriting tables below the table, its own children first.
async fn descendants(connection: &mut PgConnection, oid: Oid) -> Result<Vec<TableName>, sqlx::Error> {
    let rows = sqlx::query(
        "WITH RECURSIVE below (oid, depth) AS (
           SELECT inhrelid, 1 FROM pg_catalog.pg_inherits WHERE inhparent = $1
           UNION
           SELECT i.inhrelid, depth + 1 FROM pg_catalog.pg_inherits AS i JOIN below ON i.inhparent = below.oid
         )
         SELECT n.nspname::text AS schema, c.relname::text AS name
         FROM below JOIN pg_catalog.pg_class AS c USING (oid) JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p')
         GROUP BY n.nspname, c.relname ORDER BY min(depth), 1, 2",
    )
    .bind(oid)
    .persistent(false)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok(TableName::new(row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?)))
        .collect()
}

/// Returns whether the table belongs to the audit trail, or is a partition of one that does.
async fn is_audit_table(
    connection: &mut PgConnection,
    storage: &StorageSchema,
    table: &TableName,
    oid: Oid,
) -> Result<bool, sqlx::Error> {
    const AUDIT_TABLES: [&str; 3] = ["audit_actions", "audit_changes", "audit_transactions"];
    if table.schema() != storage.name() {
        return Ok(false);
    }
    let root: String = sqlx::query_scalar(
        "SELECT relname::text FROM pg_catalog.pg_class WHERE oid = coalesce(pg_catalog.pg_partition_root($1), $1)",
    )
    .bind(oid)
    .persistent(false)
    .fetch_one(connection)
    .await?;
    Ok(AUDIT_TABLES.contains(&root.as_str()) || root.starts_with("threadline_"))
}
