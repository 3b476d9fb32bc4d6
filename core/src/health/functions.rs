//! Findings about capture functions: whose they are, what they were made with, and whether the table is still that.

use serde_json::json;

use super::catalog::{Function, Relation};
use super::finding::{Command, Finding};
use super::triggers::generate;
use super::unit::{ROWS, Unit};
use super::{keys, kinds, legacy};
use crate::capture::{StoredPolicy, relation};

pub(super) fn check(unit: &Unit<'_>, findings: &mut Vec<Finding>) {
    unknown(unit, findings);
    let mut checked = Vec::new();
    for of in unit.relations() {
        for (oid, function) in unit.row_functions(of) {
            if let Some(policy) = &function.definition.policy {
                if !checked.contains(&oid) {
                    altered(unit, function, findings);
                }
                shared(unit, of, policy, findings);
                if policy.table == of.table {
                    keys::of_policy(unit, of, policy, findings);
                    columns(unit, of, policy, findings);
                }
            } else if is_readable(function) && !of.row.is_partition {
                keys::of_legacy(unit, of, findings);
            }
            checked.push(oid);
        }
    }
}

/// One that the reference system made and nobody has changed beyond recognition.
pub(super) fn is_readable(function: &Function) -> bool {
    function.definition.body.as_deref().and_then(legacy::redaction).is_some()
}

fn unknown(unit: &Unit<'_>, findings: &mut Vec<Finding>) {
    let mut names: Vec<String> = Vec::new();
    for of in unit.relations() {
        for trigger in &of.triggers {
            let Some(function) = unit.function(trigger) else { continue };
            let known =
                function.definition.policy.is_some() || trigger.kind & ROWS == 0 || is_readable(function);
            if known && unit.is_ours(trigger) {
                continue;
            }
            let name = format!("{}.{}", function.schema, function.name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if names.is_empty() {
        return;
    }
    findings.push(Finding::new(
        &kinds::FUNCTION_UNKNOWN,
        unit.table(),
        &format!(
            "{} is captured by {}, of which nobody can say what it records",
            unit.table(),
            names.join(", ")
        ),
        generate(unit),
        json!({ "functions": names }),
    ));
}

fn altered(unit: &Unit<'_>, function: &Function, findings: &mut Vec<Finding>) {
    if function.is_intact() {
        return;
    }
    findings.push(Finding::new(
        &kinds::FUNCTION_ALTERED,
        unit.table(),
        &format!("the function {} of {} is not as it was made", function.name, unit.table()),
        generate(unit),
        json!({ "function": function.name, "is_sealed": function.is_sealed }),
    ));
}

/// A partition and a table that inherits may use the function of a table above.
fn shared(unit: &Unit<'_>, of: &Relation, policy: &StoredPolicy, findings: &mut Vec<Finding>) {
    if unit.lineage.get(&of.row.oid).is_some_and(|lineage| lineage.contains(&policy.table)) {
        return;
    }
    findings.push(Finding::new(
        &kinds::SHARED_FUNCTION,
        unit.table(),
        &format!("{} is captured by the function of {}", of.table, policy.table),
        generate(unit),
        json!({ "relation": of.table.to_string(), "function_of": policy.table.to_string() }),
    ));
}

fn columns(unit: &Unit<'_>, of: &Relation, policy: &StoredPolicy, findings: &mut Vec<Finding>) {
    let present = &of.row.columns;
    if *present == policy.columns && of.row.types == policy.types {
        return;
    }
    let gone: Vec<&String> = policy.columns.iter().filter(|column| !present.contains(column)).collect();
    let added: Vec<&String> = present.iter().filter(|column| !policy.columns.contains(column)).collect();
    let known = policy.columns.iter().zip(&policy.types);
    let retyped: Vec<&String> = known
        .filter(|(column, kind)| {
            present.iter().position(|other| other == *column).is_some_and(|at| of.row.types[at] != **kind)
        })
        .map(|(column, _)| column)
        .collect();
    let list = |columns: &[&String]| columns.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(", ");
    if !gone.is_empty() || !retyped.is_empty() {
        let changed = [&gone[..], &retyped[..]].concat();
        findings.push(Finding::new(
            &kinds::TABLE_CHANGED,
            unit.table(),
            &format!("{} has changed since its triggers were made: {}", of.table, list(&changed)),
            generate(unit),
            json!({ "gone": gone, "added": added, "retyped": retyped }),
        ));
    } else if !added.is_empty() {
        findings.push(Finding::new(
            &kinds::COLUMN_ADDED,
            unit.table(),
            &format!("{} has columns that came after its triggers: {}", of.table, list(&added)),
            generate(unit),
            json!({ "columns": added }),
        ));
    }
}

/// The owner of a table can drop its triggers; nothing but another owner helps.
pub(super) fn owner(unit: &Unit<'_>, trail_owner: Option<&str>, findings: &mut Vec<Finding>) {
    let row = &unit.root.row;
    let Some(trail_owner) = trail_owner.filter(|owner| *owner != row.owner && !row.owner_is_superuser) else {
        return;
    };
    let table = relation(unit.table());
    let (old, new) = (super::command::role(Some(&row.owner)), super::command::role(Some(trail_owner)));
    findings.push(Finding::new(
        &kinds::OWNER,
        unit.table(),
        &format!("{} belongs to {}, who can remove its triggers", unit.table(), row.owner),
        Command::Sql(format!(
            "ALTER TABLE {table} OWNER TO {new}; GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {old};"
        )),
        json!({ "role": row.owner, "trail_owner": trail_owner }),
    ));
}
