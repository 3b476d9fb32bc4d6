//! The tables and columns that a trail has or lacks. Trails of the Elixir library have fewer of them; queries use what is there
//! to be fast, and return the same without it.

use std::sync::{Arc, OnceLock};

use sqlx::{PgConnection, Row};

use crate::StorageSchema;
use crate::query::model::error::QueryError;

/// The optional parts of a storage schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::query) struct SchemaFeatures {
    /// Changes repeat the time of their transaction, so that a join reads one partition.
    pub(in crate::query) has_occurred_at: bool,
    /// Row histories are indexed by bucket.
    pub(in crate::query) has_buckets: bool,
    /// Transactions repeat the name of their action. Indexes list the transactions of an actor and of an action, and late
    /// changes.
    pub(in crate::query) has_action_names: bool,
    /// Transactions repeat the type and the id of a valid actor.
    pub(in crate::query) has_actor_columns: bool,
    /// A change that replaced a key stores the key before it, and is indexed under both.
    pub(in crate::query) has_old_keys: bool,
    /// The names under which tables and partitions were captured are recorded, and this role may read them.
    pub(in crate::query) has_relations: bool,
    /// The number of times that the clock was set back is recorded, and this role may read it.
    pub(in crate::query) has_clock_steps: bool,
    /// Old values may be stored. The Elixir library added them in version 0.2.
    pub(in crate::query) has_changed_from: bool,
    /// Metadata of transactions may be stored. The Elixir library added it in version 0.6.
    pub(in crate::query) has_meta: bool,
}

/// The features of a trail of this version.
pub(in crate::query) const ALL_FEATURES: SchemaFeatures = SchemaFeatures {
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

/// The features that were detected. Only those of an up-to-date trail are kept, because nothing can be added to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct SchemaFeatureCache(Arc<OnceLock<SchemaFeatures>>);

impl SchemaFeatureCache {
    pub(in crate::query) async fn get(
        &self,
        connection: &mut PgConnection,
        schema: &StorageSchema,
    ) -> Result<SchemaFeatures, QueryError> {
        if let Some(features) = self.0.get() {
            return Ok(*features);
        }
        let features = detect(connection, schema).await?;
        if features == ALL_FEATURES {
            self.0.get_or_init(|| features);
        }
        Ok(features)
    }
}

async fn detect(connection: &mut PgConnection, schema: &StorageSchema) -> Result<SchemaFeatures, QueryError> {
    let row = sqlx::query(
        "SELECT count(*) FILTER (WHERE c.relname = 'audit_changes') > 0 AS is_installed,
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
    if !row.try_get("is_installed")? {
        return Err(QueryError::NotInstalled { schema: schema.clone() });
    }
    Ok(SchemaFeatures {
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
