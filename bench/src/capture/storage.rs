//! The disk space that a trail takes.

use std::collections::BTreeMap;

use anyhow::Result;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::server::relation_sizes;

/// The beginning of the names of the cases whose figures are bytes.
pub(super) const CASE_PREFIX: &str = "bytes per change, ";
/// The figure that holds the number of changes; every other one is that of a table or an index.
pub(super) const CHANGES: &str = "changes";

/// The number of changes in a trail, and the bytes of its tables and indexes.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    changes: i64,
    bytes: Vec<(String, i64)>,
}

impl Sizes {
    /// Reads the sizes of the trail in a schema, if there is one.
    pub(super) async fn read(session: &mut PgConnection, schema: Option<&str>) -> Result<Self> {
        let Some(schema) = schema else { return Ok(Self::default()) };
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {schema}.audit_changes"));
        let changes = sqlx::query_scalar(sql).fetch_one(&mut *session).await?;
        Ok(Self { changes, bytes: relation_sizes(session, schema).await? })
    }

    /// Returns what each table and index grew by, for each new change. An empty trail takes space as well, which is not counted.
    pub(super) fn bytes_per_change(&self, before: &Self) -> BTreeMap<String, f64> {
        let changes = (self.changes - before.changes) as f64;
        let grown =
            self.bytes.iter().zip(&before.bytes).map(|((relation, after), (_, before))| {
                (relation.clone(), (after - before) as f64 / changes)
            });
        grown.chain([(CHANGES.to_owned(), changes)]).collect()
    }
}
