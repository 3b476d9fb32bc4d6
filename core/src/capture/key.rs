//! Finds the columns that identify a row.

use sqlx::postgres::types::Oid;
use sqlx::{FromRow, PgConnection};

use super::policy::overlap;
use super::{CaptureError, PolicyError, TablePolicy};
use crate::TableName;

/// The names of the types that key columns may have, besides enums: equal values have the same text under the settings of the
/// capture functions. `citext` and `numeric` are included although 'A' equals 'a' and 1.0 equals 1.00, because applications
/// seldom rewrite a key in that way.
pub(crate) const KEY_TYPES: [&str; 21] = [
    "bool",
    "bpchar",
    "bytea",
    "char",
    "cidr",
    "citext",
    "date",
    "inet",
    "int2",
    "int4",
    "int8",
    "macaddr",
    "macaddr8",
    "name",
    "numeric",
    "oid",
    "text",
    "timestamp",
    "timestamptz",
    "uuid",
    "varchar",
];

/// A unique index, with its key columns.
#[derive(Debug, FromRow)]
struct UniqueIndex {
    name: String,
    is_primary: bool,
    is_valid: bool,
    is_immediate: bool,
    is_partial: bool,
    has_expression: bool,
    is_not_null: bool,
    columns: Vec<String>,
}

impl UniqueIndex {
    /// Returns the reasons why the index does not identify every row of the table at any time.
    fn objections(&self) -> Vec<&'static str> {
        [
            (self.has_expression, "it has an expression"),
            (self.is_partial, "it is partial"),
            (!self.is_valid, "it is not valid"),
            (!self.is_immediate, "it is deferrable"),
            (!self.is_not_null, "a column may be NULL"),
        ]
        .into_iter()
        .filter_map(|(applies, reason)| applies.then_some(reason))
        .collect()
    }

    fn has_exactly(&self, declared: &[String]) -> bool {
        self.columns.len() == declared.len() && declared.iter().all(|column| self.columns.contains(column))
    }
}

/// Returns the key of the table: its primary key, or the declared one if a unique index guarantees it.
pub(super) async fn resolve_key(
    connection: &mut PgConnection,
    policy: &TablePolicy,
    oid: Oid,
) -> Result<Vec<String>, CaptureError> {
    let table = &policy.table;
    let indexes = unique_indexes(connection, oid).await?;
    let primary = indexes.iter().find(|index| index.is_primary).map(|index| index.columns.clone());
    let key = match (primary, &policy.primary_key) {
        (Some(key), None) => key,
        (Some(key), Some(_)) => return Err(CaptureError::RedundantKey { table: table.clone(), key }),
        (None, Some(declared)) => declared_key(table, declared, &indexes)?,
        (None, None) => {
            let candidate = candidate(connection, table, oid, &indexes).await?;
            return Err(CaptureError::NoPrimaryKey { table: table.clone(), candidate });
        }
    };
    for (list, columns) in [("exclude", &policy.exclude), ("mask", &policy.mask)] {
        let redacted = overlap(&key, columns);
        if !redacted.is_empty() {
            let error = PolicyError::RedactedKey { table: table.to_string(), list, columns: redacted };
            return Err(error.into());
        }
    }
    require_stable_types(connection, table, oid, &key).await?;
    Ok(key)
}

/// Returns the columns of the first unique index that would be accepted as the declared key.
async fn candidate(
    connection: &mut PgConnection,
    table: &TableName,
    oid: Oid,
    indexes: &[UniqueIndex],
) -> Result<Option<Vec<String>>, CaptureError> {
    for index in indexes.iter().filter(|index| index.objections().is_empty()) {
        match require_stable_types(connection, table, oid, &index.columns).await {
            Ok(()) => return Ok(Some(index.columns.clone())),
            Err(CaptureError::UnsupportedKeyType { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn declared_key(
    table: &TableName,
    declared: &[String],
    indexes: &[UniqueIndex],
) -> Result<Vec<String>, CaptureError> {
    if indexes.iter().any(|index| index.has_exactly(declared) && index.objections().is_empty()) {
        return Ok(declared.to_vec());
    }
    let rejected = indexes.iter().map(|index| {
        let mut reasons = index.objections();
        if !index.has_exactly(declared) {
            reasons.push("it has other columns");
        }
        format!("{} on ({}): {}", index.name, index.columns.join(", "), reasons.join(", "))
    });
    Err(CaptureError::KeyNotUnique {
        table: table.clone(),
        declared: declared.to_vec(),
        rejected: rejected.collect(),
    })
}

async fn unique_indexes(connection: &mut PgConnection, oid: Oid) -> Result<Vec<UniqueIndex>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.relname::text AS name, i.indisprimary AS is_primary, i.indisvalid AND i.indisready AS is_valid,
                i.indimmediate AS is_immediate, i.indpred IS NOT NULL AS is_partial, i.indexprs IS NOT NULL AS has_expression,
                coalesce(bool_and(a.attnotnull), false) AS is_not_null,
                coalesce(array_agg(a.attname::text ORDER BY k.position) FILTER (WHERE a.attname IS NOT NULL), '{}') AS columns
         FROM pg_catalog.pg_index AS i
         JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
         CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
         LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND a.attnum > 0
         WHERE i.indrelid = $1 AND i.indisunique AND k.position <= i.indnkeyatts
         GROUP BY c.relname, i.indexrelid, i.indisprimary, i.indisvalid, i.indisready, i.indimmediate, i.indpred, i.indexprs
         ORDER BY i.indisprimary DESC, c.relname",
    )
    .bind(oid)
    .persistent(false)
    .fetch_all(connection)
    .await
}

/// Checks that every key column has a type with a stable text.
async fn require_stable_types(
    connection: &mut PgConnection,
    table: &TableName,
    oid: Oid,
    key: &[String],
) -> Result<(), CaptureError> {
    let unstable: Option<(String, String)> = sqlx::query_as(
        "WITH RECURSIVE base (attnum, type) AS (
           SELECT attnum, atttypid FROM pg_catalog.pg_attribute
           WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attname = ANY ($2)
           UNION ALL
           SELECT attnum, t.typbasetype FROM base JOIN pg_catalog.pg_type AS t ON t.oid = base.type
           WHERE t.typtype = 'd'
         )
         SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod)
         FROM base
         JOIN pg_catalog.pg_type AS t ON t.oid = base.type
         JOIN pg_catalog.pg_attribute AS a ON a.attrelid = $1 AND a.attnum = base.attnum
         WHERE t.typtype NOT IN ('d', 'e') AND t.typname <> ALL ($3)
         ORDER BY a.attnum LIMIT 1",
    )
    .bind(oid)
    .bind(key)
    .bind(&KEY_TYPES[..])
    .persistent(false)
    .fetch_optional(connection)
    .await?;
    match unstable {
        None => Ok(()),
        Some((column, column_type)) => {
            Err(CaptureError::UnsupportedKeyType { table: table.clone(), column, column_type })
        }
    }
}
