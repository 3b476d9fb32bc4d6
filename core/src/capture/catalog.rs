//! What the catalogue says of a table that is to be captured.

use sqlx::postgres::types::Oid;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Row};

use super::key::resolve_key;
use super::{CaptureError, TablePolicy};
use crate::{StorageSchema, TableName};

/// A table that can be captured, as it is now.
#[derive(Debug, Clone)]
pub(super) struct CapturableTable {
    pub(super) name: TableName,
    /// The columns that identify a row, in key order.
    pub(super) key: Vec<String>,
    /// All columns, in the order of the table.
    pub(super) columns: Vec<String>,
    /// Those of type json or jsonb.
    pub(super) json_columns: Vec<String>,
    /// Their types.
    pub(super) types: Vec<String>,
    /// A value may hold one of type json, which allows what jsonb does not.
    pub(super) has_json: bool,
    /// A column is of type money, whose text depends on the locale.
    pub(super) has_money: bool,
    /// The table is partitioned, or a partition itself.
    pub(super) partitioned: bool,
    /// Not crash-safe: its rows vanish in a crash and their changes stay.
    pub(super) unlogged: bool,
    /// The owner, when it is neither a superuser nor the role that captures.
    pub(super) foreign_owner: Option<String>,
    /// Other tables inherit from it, or it from another, not as partitions.
    pub(super) inherits: bool,
    /// One foreign key deletes its rows and another sets them to NULL or a default, both when a referenced row goes.
    pub(super) is_deleted_and_updated: bool,
    /// The host's own AFTER ROW triggers, which may write to the table again.
    pub(super) row_triggers: Vec<String>,
    /// The partitions, or the tables that inherit, below it, without those that have a capture function of their own.
    pub(super) below: Vec<TableName>,
}

/// The functions that capture calls are there.
pub(super) async fn require_installed(
    connection: &mut PgConnection,
    storage: &StorageSchema,
) -> Result<(), CaptureError> {
    let installed: bool = sqlx::query_scalar("SELECT to_regprocedure($1) IS NOT NULL")
        .bind(storage.fill("__schema__.threadline_capture_truncate()"))
        .fetch_one(connection)
        .await?;
    if installed { Ok(()) } else { Err(CaptureError::NotInstalled { schema: storage.clone() }) }
}

pub(super) async fn inspect(
    connection: &mut PgConnection,
    storage: &StorageSchema,
    policy: &TablePolicy,
) -> Result<CapturableTable, CaptureError> {
    let table = &policy.table;
    let relation = sqlx::query(
        "SELECT c.oid, c.relkind IN ('r', 'p') AS is_table, c.relkind = 'p' OR c.relispartition AS partitioned,
                c.relpersistence = 'u' AS unlogged, owner.rolname::text AS owner,
                NOT owner.rolsuper AND owner.rolname <> current_user AS is_foreign,
                EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE c.oid IN (i.inhparent, i.inhrelid)) AS inherits,
                (SELECT coalesce(bool_or(confdeltype = 'c') AND bool_or(confdeltype IN ('n', 'd')), false)
                 FROM pg_catalog.pg_constraint WHERE conrelid = c.oid AND contype = 'f') AS is_deleted_and_updated
         FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         JOIN pg_catalog.pg_roles AS owner ON owner.oid = c.relowner
         WHERE n.nspname = $1 AND c.relname = $2",
    )
    .bind(table.schema())
    .bind(table.name())
    .fetch_optional(&mut *connection)
    .await?
    .ok_or_else(|| CaptureError::NoSuchTable { table: table.clone() })?;
    if !relation.try_get::<bool, _>("is_table")? {
        return Err(CaptureError::NotATable { table: table.clone() });
    }
    let oid: Oid = relation.try_get("oid")?;
    if is_own_table(connection, storage, table, oid).await? {
        return Err(CaptureError::OwnTable { table: table.clone() });
    }
    let foreign: Option<Vec<String>> = sqlx::query_scalar(AssertSqlSafe(
        storage.fill("SELECT __schema__.threadline_foreign_type($1::oid::regclass)"),
    ))
    .bind(oid)
    .fetch_one(&mut *connection)
    .await?;
    if let Some([type_name, owner]) = foreign.as_deref() {
        let (type_name, owner) = (type_name.clone(), owner.clone());
        return Err(CaptureError::ForeignType { table: table.clone(), type_name, owner });
    }
    let partitioned: bool = relation.try_get("partitioned")?;
    let columns = columns(connection, oid).await?;
    let names = |wanted: fn(&Column) -> bool| {
        columns.iter().filter(|column| wanted(column)).map(|column| column.name.clone()).collect()
    };
    let all: Vec<String> = names(|_| true);
    require_columns(policy, &all)?;
    require_no_copy(connection, policy, oid).await?;
    Ok(CapturableTable {
        name: table.clone(),
        key: resolve_key(connection, policy, oid).await?,
        columns: all,
        json_columns: names(|column| column.is_json),
        types: columns.iter().map(|column| column.type_name.clone()).collect(),
        has_json: columns.iter().any(|column| column.holds_json),
        has_money: columns.iter().any(|column| column.money),
        foreign_owner: if relation.try_get("is_foreign")? { Some(relation.try_get("owner")?) } else { None },
        inherits: relation.try_get::<bool, _>("inherits")? && !partitioned,
        is_deleted_and_updated: relation.try_get("is_deleted_and_updated")?,
        partitioned,
        unlogged: relation.try_get("unlogged")?,
        row_triggers: row_triggers(connection, oid).await?,
        below: below(connection, oid).await?,
    })
}

#[derive(Debug, FromRow)]
struct Column {
    name: String,
    type_name: String,
    is_json: bool,
    holds_json: bool,
    money: bool,
}

/// All columns in the order of the table. A type is followed through domains to what it is, and through arrays, ranges and
/// composites to what it holds.
async fn columns(connection: &mut PgConnection, oid: Oid) -> Result<Vec<Column>, sqlx::Error> {
    sqlx::query_as(
        "WITH RECURSIVE held (attnum, type, itself) AS (
           SELECT attnum, atttypid, true FROM pg_catalog.pg_attribute
           WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
           UNION
           SELECT held.attnum, part.type, held.itself AND t.typtype = 'd'
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
                bool_or(held.itself AND held.type IN ('json'::regtype, 'jsonb'::regtype)) AS is_json,
                bool_or(held.type = 'json'::regtype) AS holds_json,
                bool_or(held.type = 'money'::regtype) AS money
         FROM held JOIN pg_catalog.pg_attribute AS a ON a.attrelid = $1 AND a.attnum = held.attnum
         GROUP BY a.attnum, a.attname, a.atttypid, a.atttypmod ORDER BY a.attnum",
    )
    .bind(oid)
    .fetch_all(connection)
    .await
}

/// Every column that the policy names is one of the table's.
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

/// No column in clear is generated from a redacted one.
async fn require_no_copy(
    connection: &mut PgConnection,
    policy: &TablePolicy,
    oid: Oid,
) -> Result<(), CaptureError> {
    let copy: Option<(String, String)> = sqlx::query_as(
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
    .fetch_optional(connection)
    .await?;
    copy.map_or(Ok(()), |(column, redacted)| {
        Err(CaptureError::GeneratedFromRedacted { table: policy.table.clone(), column, redacted })
    })
}

async fn row_triggers(connection: &mut PgConnection, oid: Oid) -> Result<Vec<String>, sqlx::Error> {
    // tgtype: 1 is FOR EACH ROW, 2 is BEFORE, 64 is INSTEAD OF.
    sqlx::query_scalar(
        "SELECT tgname::text FROM pg_catalog.pg_trigger
         WHERE tgrelid = $1 AND NOT tgisinternal AND tgtype & 67 = 1 AND NOT starts_with(tgname::text, 'threadline_audit_')
         ORDER BY tgname",
    )
    .bind(oid)
    .fetch_all(connection)
    .await
}

/// Everything below the table, its own children first.
async fn below(connection: &mut PgConnection, oid: Oid) -> Result<Vec<TableName>, sqlx::Error> {
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
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok(TableName::new(row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?)))
        .collect()
}

/// One of the trail's tables or of their partitions.
async fn is_own_table(
    connection: &mut PgConnection,
    storage: &StorageSchema,
    table: &TableName,
    oid: Oid,
) -> Result<bool, sqlx::Error> {
    const OWN: [&str; 3] = ["audit_actions", "audit_changes", "audit_transactions"];
    if table.schema() != storage.name() {
        return Ok(false);
    }
    let root: String = sqlx::query_scalar(
        "SELECT relname::text FROM pg_catalog.pg_class WHERE oid = coalesce(pg_catalog.pg_partition_root($1), $1)",
    )
    .bind(oid)
    .fetch_one(connection)
    .await?;
    Ok(OWN.contains(&root.as_str()) || root.starts_with("threadline_"))
}
