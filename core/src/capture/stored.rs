//! The policy that is stored with each capture function, and the digest of its body.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};

use super::catalog::CapturableTable;
use super::naming::FUNCTION_PREFIX;
use super::{CaptureMode, TablePolicy, TruncatePolicy};
use crate::{AuditTrail, TableName, pool};

/// The policy of a deployed capture function, which is stored as JSON in the comment of the function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredPolicy {
    /// The version of this format.
    pub version: u32,
    /// The table.
    pub table: TableName,
    /// The capture mode.
    pub mode: CaptureMode,
    /// True if replicated writes are captured as well.
    pub always: bool,
    /// The columns that identify a row, in key order.
    pub key: Vec<String>,
    /// The columns of the table when the function was generated, in table order.
    pub columns: Vec<String>,
    /// The types of the columns.
    pub types: Vec<String>,
    /// The excluded columns.
    pub exclude: Vec<String>,
    /// The masked columns.
    pub mask: Vec<String>,
    /// The placeholder for masked values.
    pub mask_placeholder: String,
    /// True if NULL is masked as well.
    pub mask_null: bool,
    /// The columns that are left out of the changed fields and the old values.
    pub except_columns: Vec<String>,
    /// True if the old values of changed columns are stored.
    pub store_changed_from: bool,
    /// True if the row that a DELETE removed is stored.
    pub store_deleted_row: bool,
    /// True if updates that change no value are recorded.
    pub store_unchanged: bool,
    /// The effect of a TRUNCATE.
    #[serde(default)]
    pub truncate: TruncatePolicy,
    /// True if the session is recorded for transactions without an actor.
    #[serde(default = "yes")]
    pub record_session: bool,
    /// The SHA-256 of the function's body, in hexadecimal digits.
    pub digest: String,
}

const fn yes() -> bool {
    true
}

impl StoredPolicy {
    pub(super) fn new(table: &CapturableTable, policy: &TablePolicy, mode: CaptureMode, body: &str) -> Self {
        Self {
            version: 1,
            table: table.name.clone(),
            mode,
            always: policy.always,
            key: table.key.clone(),
            columns: table.columns.clone(),
            types: table.types.clone(),
            exclude: policy.exclude.clone(),
            mask: policy.mask.clone(),
            mask_placeholder: policy.mask_placeholder.clone(),
            mask_null: policy.mask_null,
            except_columns: policy.except_columns.clone(),
            store_changed_from: policy.store_changed_from,
            store_deleted_row: policy.store_deleted_row,
            store_unchanged: policy.store_unchanged,
            truncate: policy.truncate,
            record_session: policy.record_session,
            digest: digest(body),
        }
    }
}

/// A deployed capture function.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaptureFunction {
    /// The name of the function in the storage schema.
    pub name: String,
    /// The stored policy; `None` if the comment is missing or cannot be read.
    pub policy: Option<StoredPolicy>,
    /// True if the body is the one that was generated for this policy.
    pub is_intact: bool,
    /// True if the table still has the columns and types of the policy, in the same order. If not, changes are still captured,
    /// but more slowly, and new columns of a redacted table may be masked until the table is captured again.
    pub is_current: bool,
}

impl AuditTrail {
    /// Returns the capture functions of the trail with their stored policies, in the order of their names.
    ///
    /// ```no_run
    /// # async fn check(trail: threadline::AuditTrail) -> Result<(), sqlx::Error> {
    /// for function in trail.capture_functions().await? {
    ///     assert!(function.is_intact && function.is_current, "{} was modified", function.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The error of the database.
    pub async fn capture_functions(&self) -> Result<Vec<CaptureFunction>, sqlx::Error> {
        // In a transaction, because a pooler may send the two steps of a lone statement to two connections.
        let mut transaction = pool::begin_pinned(&self.pool, "BEGIN READ ONLY").await?;
        let rows = sqlx::query(
            "SELECT p.proname::text AS name, p.prosrc AS body, pg_catalog.obj_description(p.oid, 'pg_proc') AS comment
             FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
             WHERE n.nspname = $1 AND starts_with(p.proname::text, $2) ORDER BY 1",
        )
        .bind(self.schema.name())
        .bind(FUNCTION_PREFIX)
        .persistent(false)
        .fetch_all(&mut *transaction)
        .await?;
        let mut functions = Vec::with_capacity(rows.len());
        for row in rows {
            let comment: Option<String> = row.try_get("comment")?;
            let policy: Option<StoredPolicy> =
                comment.and_then(|comment| serde_json::from_str(&comment).ok());
            let body: String = row.try_get("body")?;
            let is_intact = policy.as_ref().is_some_and(|policy| policy.digest == digest(&body));
            functions.push(CaptureFunction {
                name: row.try_get("name")?,
                policy,
                is_intact,
                is_current: false,
            });
        }
        compare_columns(&mut transaction, &mut functions).await?;
        Ok(functions)
    }
}

/// Sets `is_current` of each function by comparing the stored columns with those of the table.
async fn compare_columns(
    connection: &mut PgConnection,
    functions: &mut [CaptureFunction],
) -> Result<(), sqlx::Error> {
    let tables =
        || functions.iter().filter_map(|function| function.policy.as_ref().map(|policy| &policy.table));
    let rows = sqlx::query(
        "SELECT n.nspname::text, c.relname::text, array_agg(a.attname::text ORDER BY a.attnum),
                array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum)
         FROM pg_catalog.pg_class AS c
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         JOIN unnest($1::text[], $2::text[]) AS known (schema, name) ON known.schema = n.nspname AND known.name = c.relname
         GROUP BY 1, 2",
    )
    .bind(tables().map(|table| table.schema().to_owned()).collect::<Vec<_>>())
    .bind(tables().map(|table| table.name().to_owned()).collect::<Vec<_>>())
    .persistent(false)
    .fetch_all(connection)
    .await?;
    let mut present = HashMap::new();
    for row in rows {
        let table = TableName::new(row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?);
        present.insert(table, (row.try_get::<Vec<String>, _>(2)?, row.try_get::<Vec<String>, _>(3)?));
    }
    for function in functions {
        function.is_current = function.policy.as_ref().is_some_and(|policy| {
            present
                .get(&policy.table)
                .is_some_and(|(columns, types)| *columns == policy.columns && *types == policy.types)
        });
    }
    Ok(())
}

fn digest(body: &str) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
