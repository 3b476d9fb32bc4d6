//! Which columns identify a row.

use sqlx::postgres::types::Oid;
use sqlx::{FromRow, PgConnection};

use super::policy::overlap;
use super::{CaptureError, PolicyError, TablePolicy};
use crate::TableName;

/// Types of which equal values have one text under the settings of the capture functions, by their name in the catalogue;
/// enums have, too. `citext` and `numeric` are here although 'A' equals 'a' and 1.0 equals 1.00: a key is seldom rewritten so.
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

/// A unique index; only its first `indnkeyatts` columns count.
#[derive(Debug, FromRow)]
struct UniqueIndex {
    name: String,
    is_primary: bool,
    ready: bool,
    immediate: bool,
    partial: bool,
    expression: bool,
    not_null: bool,
    columns: Vec<String>,
}

impl UniqueIndex {
    /// Why it does not identify every row of the table at every moment.
    fn objections(&self) -> Vec<&'static str> {
        [
            (self.expression, "it has an expression"),
            (self.partial, "it is partial"),
            (!self.ready, "it is not valid"),
            (!self.immediate, "it is deferrable"),
            (!self.not_null, "a column may be NULL"),
        ]
        .into_iter()
        .filter_map(|(applies, reason)| applies.then_some(reason))
        .collect()
    }

    fn has_exactly(&self, declared: &[String]) -> bool {
        self.columns.len() == declared.len() && declared.iter().all(|column| self.columns.contains(column))
    }
}

/// The table's key: its primary key, or else the declared one, when a unique index guarantees it.
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
        (Some(key), Some(_)) => return Err(CaptureError::NeedlessKey { table: table.clone(), key }),
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

/// The columns of the first unique index that would be accepted as a declared key.
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
            reasons.push("its columns are others");
        }
        format!("{} on ({}): {}", index.name, index.columns.join(", "), reasons.join(", "))
    });
    Err(CaptureError::UnprovenKey {
        table: table.clone(),
        declared: declared.to_vec(),
        rejected: rejected.collect(),
    })
}

async fn unique_indexes(connection: &mut PgConnection, oid: Oid) -> Result<Vec<UniqueIndex>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.relname::text AS name, i.indisprimary AS is_primary, i.indisvalid AND i.indisready AS ready,
                i.indimmediate AS immediate, i.indpred IS NOT NULL AS partial, i.indexprs IS NOT NULL AS expression,
                coalesce(bool_and(a.attnotnull), false) AS not_null,
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

/// The first key column whose text would not be stable, with its type.
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
