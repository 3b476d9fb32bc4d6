//! The triggers that call a table's capture function.

use super::CaptureMode;
use super::catalog::CapturableTable;
use super::naming::trigger_name;
use super::quote::{identifier, relation};
use crate::{StorageSchema, TableName};

/// The transition tables of each event of statement mode.
const STATEMENT_EVENTS: [(&str, &str); 3] = [
    ("INSERT", "NEW TABLE AS new_rows"),
    ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    ("DELETE", "OLD TABLE AS old_rows"),
];

/// Makes or replaces every trigger of the table, of its partitions and of the tables that inherit from it, and removes those
/// of the other mode.
pub(super) fn create(
    storage: &StorageSchema,
    table: &CapturableTable,
    mode: CaptureMode,
    always: bool,
    function: &str,
) -> String {
    let mut sql = String::new();
    let enable = |sql: &mut String, table: &TableName, trigger: &str| {
        let always = if always { "ALWAYS " } else { "" };
        *sql += &format!("ALTER TABLE {} ENABLE {always}TRIGGER {trigger};\n", relation(table));
    };
    for (at, target) in relations(table).enumerate() {
        sql += &format!("\n{}", drop_all(target, Some(mode)));
        match mode {
            CaptureMode::Statement => {
                for (event, transition) in STATEMENT_EVENTS {
                    let trigger = identifier(&trigger_name(target, Some(event)));
                    sql += &format!(
                        "CREATE OR REPLACE TRIGGER {trigger} AFTER {event} ON {}\n  REFERENCING {transition} \
                         FOR EACH STATEMENT EXECUTE FUNCTION {function}();\n",
                        relation(target)
                    );
                    enable(&mut sql, target, &trigger);
                }
            }
            // A row trigger of a partitioned table comes with every partition, also with those made later.
            CaptureMode::Row if table.partitioned && at > 0 => {}
            CaptureMode::Row => {
                let trigger = identifier(&trigger_name(target, None));
                sql += &format!(
                    "CREATE OR REPLACE TRIGGER {trigger} AFTER INSERT OR UPDATE OR DELETE ON {}\n  \
                     FOR EACH ROW EXECUTE FUNCTION {function}();\n",
                    relation(target)
                );
                enable(&mut sql, target, &trigger);
            }
        }
        let trigger = identifier(&trigger_name(target, Some("TRUNCATE")));
        sql += &format!(
            "CREATE OR REPLACE TRIGGER {trigger} AFTER TRUNCATE ON {}\n  \
             FOR EACH STATEMENT EXECUTE FUNCTION {}.threadline_capture_truncate();\n",
            relation(target),
            storage.quoted()
        );
        enable(&mut sql, target, &trigger);
    }
    sql
}

/// Removes the triggers of a table, all or those that do not belong to the mode.
pub(super) fn drop_all(table: &TableName, except: Option<CaptureMode>) -> String {
    let mut events = Vec::new();
    if except != Some(CaptureMode::Row) {
        events.push(None);
    }
    if except != Some(CaptureMode::Statement) {
        events.extend(STATEMENT_EVENTS.map(|(event, _)| Some(event)));
    }
    if except.is_none() {
        events.push(Some("TRUNCATE"));
    }
    let drops = events.into_iter().map(|event| {
        let trigger = identifier(&trigger_name(table, event));
        format!("DROP TRIGGER IF EXISTS {trigger} ON {};\n", relation(table))
    });
    drops.collect()
}

/// The table first, then everything below it.
pub(super) fn relations(table: &CapturableTable) -> impl Iterator<Item = &TableName> {
    std::iter::once(&table.name).chain(&table.below)
}
