//! Reads the functions and triggers that capture a table now, and returns the SQL that restores them: the down migration.

use sqlx::{FromRow, PgConnection};

use super::naming::{TRIGGER_PREFIX, function_name};
use super::quote::{literal, relation};
use super::stored::StoredPolicy;
use crate::TableName;

/// A capture trigger, with its function.
#[derive(Debug, FromRow)]
pub(super) struct DeployedTrigger {
    function: String,
    function_name: String,
    function_definition: String,
    comment: Option<String>,
    name: String,
    definition: String,
    enabled: String,
}

impl DeployedTrigger {
    /// Returns the policy that is stored with its function.
    pub(super) fn policy(&self) -> Option<StoredPolicy> {
        serde_json::from_str(self.comment.as_deref()?).ok()
    }
}

/// Reads the capture triggers of a relation, without those that a partition inherits from its parent. The search path must be
/// empty, so that every name in a definition is qualified.
pub(super) async fn triggers(
    connection: &mut PgConnection,
    table: &TableName,
) -> Result<Vec<DeployedTrigger>, sqlx::Error> {
    sqlx::query_as(
        "SELECT t.tgfoid::regprocedure::text AS function, p.proname::text AS function_name,
                pg_catalog.pg_get_functiondef(t.tgfoid) AS function_definition,
                pg_catalog.obj_description(t.tgfoid, 'pg_proc') AS comment,
                pg_catalog.quote_ident(t.tgname) AS name, pg_catalog.pg_get_triggerdef(t.oid) AS definition,
                t.tgenabled::text AS enabled
         FROM pg_catalog.pg_trigger AS t
         JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
         JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relname = $2 AND NOT t.tgisinternal AND t.tgparentid = 0
           AND starts_with(t.tgname::text, $3)
         ORDER BY t.tgname",
    )
    .bind(table.schema())
    .bind(table.name())
    .bind(TRIGGER_PREFIX)
    .persistent(false)
    .fetch_all(connection)
    .await
}

/// Returns whether the relation is captured by its own function rather than that of a parent.
pub(super) fn has_own_function(table: &TableName, triggers: &[DeployedTrigger]) -> bool {
    let own = function_name(table);
    triggers.iter().any(|trigger| trigger.function_name == own)
}

/// Returns the SQL that restores the functions and triggers of a relation.
pub(super) fn restore(table: &TableName, triggers: &[DeployedTrigger]) -> String {
    let mut sql = String::new();
    for trigger in triggers {
        let function = format!("{};\n", trigger.function_definition.trim_end());
        if !sql.contains(&function) {
            sql += &function;
            let comment = trigger.comment.as_deref().map_or_else(|| "NULL".to_owned(), literal);
            sql += &format!("COMMENT ON FUNCTION {} IS {comment};\n", trigger.function);
        }
    }
    for trigger in triggers {
        let state = match trigger.enabled.as_str() {
            "A" => "ENABLE ALWAYS",
            "R" => "ENABLE REPLICA",
            "D" => "DISABLE",
            _ => "ENABLE",
        };
        sql += &format!("{};\n", trigger.definition);
        sql += &format!("ALTER TABLE {} {state} TRIGGER {};\n", relation(table), trigger.name);
    }
    sql
}
