//! Turns policies into SQL, and into the SQL that undoes it.

use std::fmt;

use sqlx::{AssertSqlSafe, PgConnection};

use super::catalog::{CapturableTable, inspect};
use super::deployed::{self, has_own_function};
use super::naming::trigger_name;
use super::quote::{dollar_quote, literal, relation, text_array};
use super::stored::StoredPolicy;
use super::triggers::relations;
use super::{CaptureError, CaptureMode, TablePolicy, function, triggers};
use crate::{StorageSchema, TableName};

/// The SQL that captures tables, generated for the tables as they are now. It can be run repeatedly.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CapturePlan {
    /// The tables, in the order of the call.
    pub tables: Vec<PlannedTable>,
    /// The SQL that creates or replaces functions and triggers. No write is missed meanwhile.
    pub up: String,
    /// The SQL that restores the functions and triggers that captured the tables when the plan was made, or removes capture
    /// from tables that had none.
    pub down: String,
}

/// One table of a plan. It displays as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedTable {
    /// The table.
    pub table: TableName,
    /// The mode in which the table is captured.
    pub mode: CaptureMode,
    /// The columns that identify a row.
    pub key: Vec<String>,
    /// The excluded columns.
    pub exclude: Vec<String>,
    /// The masked columns.
    pub mask: Vec<String>,
    /// Consequences that the user should know before applying the plan.
    pub warnings: Vec<String>,
    /// The part of [`CapturePlan::up`] that captures this table.
    pub up: String,
}

impl fmt::Display for PlannedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, mode, key, exclude, mask, .. } = self;
        let list = |columns: &[String]| format!("[{}]", columns.join(","));
        let (mode, key, exclude, mask) = (mode.as_str(), list(key), list(exclude), list(mask));
        write!(f, "table={table} capture={mode} key={key} exclude={exclude} mask={mask}")
    }
}

/// Plans the capture of tables. The trail must be installed. Sets the search path of the transaction to the empty one.
pub(super) async fn plan(
    connection: &mut PgConnection,
    storage: &StorageSchema,
    policies: &[TablePolicy],
) -> Result<CapturePlan, CaptureError> {
    for (index, policy) in policies.iter().enumerate() {
        policy.validate()?;
        if policies[..index].iter().any(|earlier| earlier.table == policy.table) {
            return Err(CaptureError::DuplicateTable { table: policy.table.clone() });
        }
    }
    sqlx::raw_sql(AssertSqlSafe("SET LOCAL search_path = ''")).execute(&mut *connection).await?;
    let mut plan = CapturePlan { tables: Vec::new(), up: String::new(), down: String::new() };
    let named: Vec<&TableName> = policies.iter().map(|policy| &policy.table).collect();
    for policy in policies {
        let mut table = inspect(connection, storage, policy).await?;
        let down = down_sql(connection, storage, &mut table, &named).await?;
        let mode = policy.mode.unwrap_or_else(|| automatic_mode(&table));
        let body = function::body(connection, storage, &table, policy, mode).await?;
        let up = up_sql(storage, &table, policy, mode, &body);
        plan.up += &up;
        plan.down.insert_str(0, &down);
        plan.tables.push(PlannedTable {
            mode,
            warnings: warnings(&table, mode),
            key: table.key,
            table: table.name,
            exclude: policy.exclude.clone(),
            mask: policy.mask.clone(),
            up,
        });
    }
    Ok(plan)
}

fn up_sql(
    storage: &StorageSchema,
    table: &CapturableTable,
    policy: &TablePolicy,
    mode: CaptureMode,
    body: &str,
) -> String {
    let name = relation(&table.name);
    let function = function::qualified_name(storage, table);
    let stored = StoredPolicy::new(table, policy, mode, body);
    let comment = serde_json::to_string(&stored).unwrap_or_default();
    let named = [&policy.exclude[..], &policy.mask[..], &policy.except_columns[..]].concat();
    let check = format!(
        "PERFORM {}.threadline_require_table({}, {},\n    {});",
        storage.quoted(),
        literal(&name),
        text_array(&table.key, 40),
        text_array(&named, 40)
    );
    let remember: String =
        remembered_relations(table).map(|relation| remember(storage, relation, &policy.redacted())).collect();
    let check = format!("\nBEGIN\n  {check}\n{remember}END\n");
    let quote = dollar_quote(&check);
    format!(
        "-- {}, captured per {}.\n\
         -- Writers wait from here to the end, so that none finds the function and the triggers of two policies.\n\
         LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE;\n\
         DO {quote}{check}{quote};\n\n{}\
         COMMENT ON FUNCTION {function}() IS {};\n{}{}\n",
        table.name.to_string().replace('\n', " "),
        mode.as_str(),
        function::create(storage, table, mode, body),
        literal(&comment),
        triggers::create(storage, table, policy, mode, &function),
        observe(storage, &table.name)
    )
}

/// Returns the statement that records the names of the table and of its partitions.
fn observe(storage: &StorageSchema, table: &TableName) -> String {
    format!("SELECT {}.threadline_observe_relations({});\n", storage.quoted(), literal(&relation(table)))
}

/// Returns the relations whose redacted columns are remembered. Renaming a column of a partitioned table renames it in every
/// partition, so its root is enough.
fn remembered_relations(table: &CapturableTable) -> impl Iterator<Item = &TableName> {
    relations(table).take(if table.is_partitioned { 1 } else { usize::MAX })
}

/// Returns the statement that remembers redacted columns by number, so that they stay redacted after they are renamed.
fn remember(storage: &StorageSchema, table: &TableName, columns: &[String]) -> String {
    format!(
        "  PERFORM {}.threadline_remember_redacted({}, {});\n",
        storage.quoted(),
        literal(&relation(table)),
        text_array(columns, 40)
    )
}

/// Returns the SQL that undoes the plan of this table, and removes descendants that have their own policy from the table.
async fn down_sql(
    connection: &mut PgConnection,
    storage: &StorageSchema,
    table: &mut CapturableTable,
    named: &[&TableName],
) -> Result<String, CaptureError> {
    let mut before = vec![(table.name.clone(), deployed::triggers(connection, &table.name).await?)];
    for descendant in std::mem::take(&mut table.descendants) {
        let triggers = deployed::triggers(connection, &descendant).await?;
        if !named.contains(&&descendant) && !has_own_function(&descendant, &triggers) {
            table.descendants.push(descendant.clone());
            before.push((descendant, triggers));
        }
    }
    let mut sql: String =
        before.iter().map(|(relation, _)| triggers::drop_others(storage, relation, &[])).collect();
    if before.iter().all(|(_, triggers)| triggers.is_empty()) {
        sql += &format!("DROP FUNCTION IF EXISTS {}();\n", function::qualified_name(storage, table));
    }
    for (relation, triggers) in &before {
        sql += &deployed::restore(relation, triggers);
    }
    let earlier = before[0].1.iter().find_map(deployed::DeployedTrigger::policy);
    let redacted = earlier.map(|policy| [policy.exclude, policy.mask].concat()).unwrap_or_default();
    let remember: String =
        remembered_relations(table).map(|relation| remember(storage, relation, &redacted)).collect();
    let remember = format!("\nBEGIN\n{remember}END\n");
    let quote = dollar_quote(&remember);
    sql += &format!("DO {quote}{remember}{quote};\n");
    Ok(format!("-- {}\n{sql}\n", table.name.to_string().replace('\n', " ")))
}

/// Returns the mode of a table without a declared one: per statement, unless that could record changes in a wrong order.
const fn automatic_mode(table: &CapturableTable) -> CaptureMode {
    if table.inherits || table.is_deleted_and_updated { CaptureMode::Row } else { CaptureMode::Statement }
}

fn warnings(table: &CapturableTable, mode: CaptureMode) -> Vec<String> {
    let name = &table.name;
    let mut warnings = Vec::new();
    if table.is_unlogged {
        warnings.push(format!(
            "{name} is unlogged: a crash of the server empties it, and no trigger records that"
        ));
    }
    if !table.virtual_columns.is_empty() {
        warnings.push(format!(
            "{name}: triggers cannot see the virtual generated columns ({}), so the trail leaves them out; make them STORED \
             to have them recorded",
            table.virtual_columns.join(", ")
        ));
    }
    if !table.other_trails.is_empty() {
        warnings.push(format!(
            "{name} is captured by the audit trail in schema {}; this one replaces it",
            table.other_trails.join(", ")
        ));
    }
    if table.is_partitioned && !table.descendants.is_empty() && mode == CaptureMode::Statement {
        warnings.push(format!(
            "{name}: a partition made later is captured through the table, but not when it is written to by its own name; \
             run this again after creating one, or use row mode"
        ));
    }
    if table.inherits && mode == CaptureMode::Statement {
        warnings.push(format!(
            "{name} inherits or is inherited from: a statement on one table records rows of the others without their own \
             columns, or not at all; use row mode for all of them"
        ));
    }
    if table.is_deleted_and_updated && mode == CaptureMode::Statement {
        warnings.push(format!(
            "{name} has foreign keys ON DELETE CASCADE and ON DELETE SET NULL or SET DEFAULT: when both meet in one \
             statement, the trail may show the update after the delete; use row mode"
        ));
    }
    // PostgreSQL fires row triggers by name, and all of them before those of the statement.
    let ours = trigger_name(name, None);
    let fires_first = |trigger: &&str| mode == CaptureMode::Statement || *trigger < ours.as_str();
    let earlier: Vec<&str> = table.row_triggers.iter().map(String::as_str).filter(fires_first).collect();
    if !earlier.is_empty() {
        warnings.push(format!(
            "{name} has AFTER ROW triggers ({}) that run before a change is captured: if they write to the same row, \
             the trail shows their change first. Make them BEFORE triggers, or use row mode and give them names that sort \
             after {ours:?}",
            earlier.join(", ")
        ));
    }
    warnings
}
