//! The policy that is stored with each capture function: what it was made with, and how its body can be recognised.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::Row;

use super::catalog::CapturableTable;
use super::naming::FUNCTION_PREFIX;
use super::{CaptureMode, TablePolicy};
use crate::{AuditTrail, TableName};

/// What a capture function was made with. Stored as JSON in the function's comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredPolicy {
    /// The version of this format.
    pub version: u32,
    /// The table.
    pub table: TableName,
    /// Once per statement or once per row.
    pub mode: CaptureMode,
    /// Fires for replicated writes as well.
    pub always: bool,
    /// The columns that identify a row, in key order.
    pub key: Vec<String>,
    /// The columns that the table had, in its order.
    pub columns: Vec<String>,
    /// Columns that appear nowhere.
    pub exclude: Vec<String>,
    /// Columns whose values are replaced.
    pub mask: Vec<String>,
    /// By what.
    pub mask_placeholder: String,
    /// NULL is replaced as well.
    pub mask_null: bool,
    /// Columns whose changes are not named.
    pub except_columns: Vec<String>,
    /// The old values of changed columns are kept.
    pub store_changed_from: bool,
    /// The row that a DELETE removed is kept.
    pub store_deleted_row: bool,
    /// Updates that change no value are recorded.
    pub store_unchanged: bool,
    /// SHA-256 of the function's body, in hexadecimal.
    pub digest: String,
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
            exclude: policy.exclude.clone(),
            mask: policy.mask.clone(),
            mask_placeholder: policy.mask_placeholder.clone(),
            mask_null: policy.mask_null,
            except_columns: policy.except_columns.clone(),
            store_changed_from: policy.store_changed_from,
            store_deleted_row: policy.store_deleted_row,
            store_unchanged: policy.store_unchanged,
            digest: digest(body),
        }
    }
}

/// A capture function as it is in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaptureFunction {
    /// Its name in the storage schema.
    pub name: String,
    /// What it was made with; `None` where the comment is missing or is not ours.
    pub policy: Option<StoredPolicy>,
    /// The body is still the one that was made with this policy.
    pub is_intact: bool,
}

impl AuditTrail {
    /// Every capture function of the trail with the policy that is stored with it, by name.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn capture_functions(&self) -> Result<Vec<CaptureFunction>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT p.proname::text AS name, p.prosrc AS body, pg_catalog.obj_description(p.oid, 'pg_proc') AS comment
             FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
             WHERE n.nspname = $1 AND starts_with(p.proname::text, $2) ORDER BY 1",
        )
        .bind(self.schema.name())
        .bind(FUNCTION_PREFIX)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let comment: Option<String> = row.try_get("comment")?;
                let policy: Option<StoredPolicy> =
                    comment.and_then(|comment| serde_json::from_str(&comment).ok());
                let body: String = row.try_get("body")?;
                let is_intact = policy.as_ref().is_some_and(|policy| policy.digest == digest(&body));
                Ok(CaptureFunction { name: row.try_get("name")?, policy, is_intact })
            })
            .collect()
    }
}

fn digest(body: &str) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
