//! What the catalogue says of a table that is to be captured.

use sqlx::{PgConnection, Row};

use super::CaptureError;
use crate::{StorageSchema, TableName};

/// A table that can be captured.
#[derive(Debug, Clone)]
pub(super) struct CapturableTable {
    pub(super) name: TableName,
    /// The primary key's columns, in key order.
    pub(super) key: Vec<String>,
}

/// Types whose text form depends on no setting of the session, by their name in `pg_catalog`. Enums are stable as well.
const STABLE_KEY_TYPES: [&str; 7] = ["int2", "int4", "int8", "text", "varchar", "bpchar", "uuid"];

/// The functions that capture calls are there.
pub(super) async fn require_installed(
    connection: &mut PgConnection,
    storage: &StorageSchema,
) -> Result<(), CaptureError> {
    let installed: bool = sqlx::query_scalar("SELECT to_regprocedure($1) IS NOT NULL")
        .bind(storage.fill("__schema__.threadline_current_transaction()"))
        .fetch_one(connection)
        .await?;
    if installed { Ok(()) } else { Err(CaptureError::NotInstalled { schema: storage.clone() }) }
}

pub(super) async fn inspect(
    connection: &mut PgConnection,
    storage: &StorageSchema,
    table: &TableName,
) -> Result<CapturableTable, CaptureError> {
    let owned = || table.clone();
    let relation = sqlx::query(
        "SELECT c.oid, c.relkind::text AS kind FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relname = $2",
    )
    .bind(table.schema())
    .bind(table.name())
    .fetch_optional(&mut *connection)
    .await?
    .ok_or_else(|| CaptureError::NoSuchTable { table: owned() })?;
    let kind: String = relation.try_get("kind")?;
    if kind != "r" && kind != "p" {
        return Err(CaptureError::NotATable { table: owned() });
    }
    if is_own_table(storage, table) {
        return Err(CaptureError::OwnTable { table: owned() });
    }
    let columns = sqlx::query(
        "SELECT a.attname::text AS name, b.typname::text AS base, b.typtype::text AS base_kind,
                pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
         FROM pg_catalog.pg_index i
         CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)
         JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
         JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
         WHERE i.indrelid = $1 AND i.indisprimary AND k.position <= i.indnkeyatts
         ORDER BY k.position",
    )
    .bind(relation.try_get::<sqlx::postgres::types::Oid, _>("oid")?)
    .fetch_all(connection)
    .await?;
    if columns.is_empty() {
        return Err(CaptureError::NoPrimaryKey { table: owned() });
    }
    let mut key = Vec::with_capacity(columns.len());
    for column in columns {
        let name: String = column.try_get("name")?;
        let base: String = column.try_get("base")?;
        let is_enum = column.try_get::<String, _>("base_kind")? == "e";
        if !is_enum && !STABLE_KEY_TYPES.contains(&base.as_str()) {
            let column_type = column.try_get("type")?;
            return Err(CaptureError::UnsupportedKeyType { table: owned(), column: name, column_type });
        }
        key.push(name);
    }
    Ok(CapturableTable { name: table.clone(), key })
}

fn is_own_table(storage: &StorageSchema, table: &TableName) -> bool {
    table.schema() == storage.name()
        && ["audit_", "threadline_"].iter().any(|prefix| table.name().starts_with(prefix))
}
