//! The triggers that call a table's capture function.

use super::catalog::CapturableTable;
use super::naming::trigger_name;
use super::quote::{identifier, literal, relation, text_array};
use super::{CaptureMode, TablePolicy, TruncatePolicy};
use crate::{StorageSchema, TableName};

/// The events of statement mode, with their transition tables.
const STATEMENT_EVENTS: [(&str, &str); 3] = [
    ("INSERT", "NEW TABLE AS new_rows"),
    ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    ("DELETE", "OLD TABLE AS old_rows"),
];

/// A trigger of a relation.
struct Trigger {
    name: String,
    /// The event, and the granularity with the transition tables.
    timing: [String; 2],
    /// The function call, with its arguments.
    call: String,
}

/// Returns the SQL that creates or replaces the triggers of the table and its descendants, and removes other capture triggers,
/// such as those under an earlier name of the table.
pub(super) fn create(
    storage: &StorageSchema,
    table: &CapturableTable,
    policy: &TablePolicy,
    mode: CaptureMode,
    function: &str,
) -> String {
    let mut sql = String::new();
    let always = if policy.always { "ALWAYS " } else { "" };
    for (index, target) in relations(table).enumerate() {
        let mut triggers = truncate_triggers(storage, target, policy, function);
        match mode {
            CaptureMode::Statement => triggers.extend(statement_triggers(target, function)),
            // A row trigger of a partitioned table comes with every partition, also with those made later.
            CaptureMode::Row if table.is_partitioned && index > 0 => {}
            CaptureMode::Row => triggers.push(Trigger {
                name: trigger_name(target, None),
                timing: ["AFTER INSERT OR UPDATE OR DELETE".to_owned(), "FOR EACH ROW".to_owned()],
                call: format!("{function}()"),
            }),
        }
        let names: Vec<String> = triggers.iter().map(|trigger| trigger.name.clone()).collect();
        sql += &format!("\n{}", drop_others(storage, target, &names));
        for Trigger { name, timing: [event, rows], call } in triggers {
            let (name, target) = (identifier(&name), relation(target));
            sql += &format!(
                "CREATE OR REPLACE TRIGGER {name} {event} ON {target}\n  {rows} EXECUTE FUNCTION {call};\n\
                 ALTER TABLE {target} ENABLE {always}TRIGGER {name};\n"
            );
        }
    }
    sql
}

fn statement_triggers<'a>(
    target: &'a TableName,
    function: &'a str,
) -> impl Iterator<Item = Trigger> + use<'a> {
    STATEMENT_EVENTS.into_iter().map(move |(event, transition)| Trigger {
        name: trigger_name(target, Some(event)),
        timing: [format!("AFTER {event}"), format!("REFERENCING {transition} FOR EACH STATEMENT")],
        call: format!("{function}()"),
    })
}

/// Returns the triggers for TRUNCATE: one that records it, and one that records the rows or refuses, if the policy says so.
fn truncate_triggers(
    storage: &StorageSchema,
    target: &TableName,
    policy: &TablePolicy,
    function: &str,
) -> Vec<Trigger> {
    let trigger = |event, time: &str, call| Trigger {
        name: trigger_name(target, Some(event)),
        timing: [format!("{time} TRUNCATE"), "FOR EACH STATEMENT".to_owned()],
        call,
    };
    let argument = if policy.record_session { "" } else { "'without session'" };
    let capture = format!("{}.threadline_capture_truncate({argument})", storage.quoted());
    let mut triggers = vec![trigger("TRUNCATE", "AFTER", capture)];
    match policy.truncate {
        TruncatePolicy::Record => {}
        TruncatePolicy::Rows => triggers.push(trigger("TRUNCATE_ROWS", "BEFORE", format!("{function}()"))),
        TruncatePolicy::Refuse => {
            let refuse = format!("{}.threadline_refuse_truncate()", storage.quoted());
            triggers.push(trigger("TRUNCATE_REFUSE", "BEFORE", refuse));
        }
    }
    triggers
}

/// Returns the statement that removes all capture triggers of a relation except those of these names.
pub(super) fn drop_others(storage: &StorageSchema, table: &TableName, names: &[String]) -> String {
    format!(
        "SELECT {}.threadline_drop_triggers({}, {});\n",
        storage.quoted(),
        literal(&relation(table)),
        text_array(names, 40)
    )
}

/// Returns the table, then its descendants.
pub(super) fn relations(table: &CapturableTable) -> impl Iterator<Item = &TableName> {
    std::iter::once(&table.name).chain(&table.descendants)
}
