//! What a database has beyond the tables and columns of the reference system: all that reading may use to be fast, and
//! must do without.

use std::sync::{Arc, OnceLock};

use sqlx::{PgConnection, Row};

use crate::StorageSchema;
use crate::query::QueryError;

/// The differences between databases that reading has to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::query) struct Layout {
    /// Changes repeat the time of their transaction, so that a join reads one partition.
    pub(in crate::query) has_occurred_at: bool,
    /// Row histories are found by their bucket.
    pub(in crate::query) has_buckets: bool,
    /// Transactions repeat the name of their action; those of an actor or an action are found by an index, and so are late
    /// changes.
    pub(in crate::query) has_action_names: bool,
    /// Transactions repeat the type and the id of a valid actor.
    pub(in crate::query) has_actor_columns: bool,
    /// A change that replaced a key keeps the key before it, and is found under both.
    pub(in crate::query) has_old_keys: bool,
    /// Whether it is known under which names tables and partitions were captured, and this role may read it.
    pub(in crate::query) has_relations: bool,
    /// How often the clock was set back is counted, and this role may read it.
    pub(in crate::query) has_clock_steps: bool,
    /// Old values may be kept. Missing in databases of the reference system before its version 0.2.
    pub(in crate::query) has_changed_from: bool,
    /// Metadata of transactions may be kept. Missing before version 0.6.
    pub(in crate::query) has_meta: bool,
}

/// What is known of the layout. Only that of an up-to-date trail is remembered: nothing can be added to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownLayout(Arc<OnceLock<Layout>>);

pub(in crate::query) const COMPLETE: Layout = Layout {
    has_occurred_at: true,
    has_buckets: true,
    has_action_names: true,
    has_actor_columns: true,
    has_old_keys: true,
    has_relations: true,
    has_clock_steps: true,
    has_changed_from: true,
    has_meta: true,
};

impl KnownLayout {
    pub(in crate::query) async fn get(
        &self,
        connection: &mut PgConnection,
        schema: &StorageSchema,
    ) -> Result<Layout, QueryError> {
        if let Some(layout) = self.0.get() {
            return Ok(*layout);
        }
        let layout = look(connection, schema).await?;
        if layout == COMPLETE {
            self.0.get_or_init(|| layout);
        }
        Ok(layout)
    }
}

async fn look(connection: &mut PgConnection, schema: &StorageSchema) -> Result<Layout, QueryError> {
    let row = sqlx::query(
        "SELECT count(*) FILTER (WHERE c.relname = 'audit_changes') > 0 AS is_there,
                count(*) FILTER (WHERE c.relname = 'audit_changes' AND a.attname = 'occurred_at') > 0 AS occurred_at,
                count(*) FILTER (WHERE c.relname = 'audit_changes' AND a.attname = 'changed_from') > 0 AS changed_from,
                count(*) FILTER (WHERE c.relname = 'audit_transactions' AND a.attname = 'action_name') > 0 AS action_names,
                count(*) FILTER (WHERE c.relname = 'audit_transactions' AND a.attname = 'meta') > 0 AS meta,
                count(*) FILTER (WHERE c.relname = 'audit_transactions' AND a.attname = 'actor_type') > 0 AS actor_columns,
                count(*) FILTER (WHERE c.relname = 'audit_changes' AND a.attname = 'row_bucket') > 0 AS buckets,
                count(*) FILTER (WHERE c.relname = 'audit_changes' AND a.attname = 'old_pk') > 0 AS old_keys,
                EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                        WHERE n.nspname = $1 AND c.relname = 'threadline_captured_relations'
                          AND pg_catalog.has_table_privilege(c.oid, 'SELECT')) AS relations,
                EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                        WHERE n.nspname = $1 AND c.relname = 'threadline_clock_steps'
                          AND pg_catalog.has_sequence_privilege(c.oid, 'SELECT')) AS clock_steps
         FROM pg_catalog.pg_attribute AS a
         JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relname IN ('audit_changes', 'audit_transactions') AND a.attnum > 0
           AND NOT a.attisdropped",
    )
    .bind(schema.name())
    .persistent(false)
    .fetch_one(connection)
    .await?;
    if !row.try_get("is_there")? {
        return Err(QueryError::NotInstalled { schema: schema.clone() });
    }
    Ok(Layout {
        has_occurred_at: row.try_get("occurred_at")?,
        has_buckets: row.try_get("buckets")?,
        has_action_names: row.try_get("action_names")?,
        has_actor_columns: row.try_get("actor_columns")?,
        has_old_keys: row.try_get("old_keys")?,
        has_relations: row.try_get("relations")?,
        has_clock_steps: row.try_get("clock_steps")?,
        has_changed_from: row.try_get("changed_from")?,
        has_meta: row.try_get("meta")?,
    })
}
