//! Findings about capture functions: whose they are, what they were made with, and whether the table is still that.

use serde_json::json;

use super::catalog::Function;
use super::finding::{Command, Finding};
use super::relation::{Relation, Trigger};
use super::remedy::{Remedy, alter, generate_for};
use super::unit::{ROWS, Unit};
use super::{command, keys, kinds};
use crate::capture::{StoredPolicy, identifier, relation};

/// What the names of this library's triggers begin with.
const TRIGGER_PREFIX: &str = "threadline_audit_";
/// What the names of the functions begin with that they call.
const FUNCTION_PREFIX: &str = "threadline_";

pub(super) fn check(unit: &Unit<'_>, findings: &mut Vec<Finding>) {
    unknown(unit, findings);
    powerless(unit, findings);
    let mut checked = Vec::new();
    for of in unit.relations() {
        for (oid, function) in unit.row_functions(of) {
            if let Some(policy) = &function.definition.policy {
                if !checked.contains(&oid) {
                    altered(unit, of, function, findings);
                }
                shared(unit, of, oid, policy, findings);
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

/// Whether the Elixir library made the function, and nobody has edited it.
fn is_readable(function: &Function) -> bool {
    function.definition.legacy.is_some()
}

/// Generating triggers replaces those of this library. Others stay, and have to be removed first.
fn replace(unit: &Unit<'_>, of: &Relation, triggers: &[&Trigger]) -> Remedy {
    let is_foreign = |trigger: &&&Trigger| {
        let calls_ours =
            unit.function(trigger).is_some_and(|function| function.name.starts_with(FUNCTION_PREFIX));
        !trigger.name.starts_with(TRIGGER_PREFIX) || !calls_ours
    };
    let foreign: Vec<&str> =
        triggers.iter().filter(is_foreign).map(|trigger| trigger.name.as_str()).collect();
    if foreign.is_empty() {
        generate_for(unit, of)
    } else {
        alter(of, command::drop_triggers(&of.table, &foreign))
    }
}

fn unknown(unit: &Unit<'_>, findings: &mut Vec<Finding>) {
    for of in unit.relations() {
        let is_known = |trigger: &Trigger| {
            unit.function(trigger).is_none_or(|function| {
                let is_read = function.definition.policy.is_some() || is_readable(function);
                (is_read || trigger.kind & ROWS == 0) && unit.is_ours(trigger)
            })
        };
        // What a partition has from its table is found there.
        let unknown: Vec<&Trigger> =
            of.triggers.iter().filter(|trigger| !trigger.is_inherited && !is_known(trigger)).collect();
        let mut names: Vec<String> = Vec::new();
        for function in unknown.iter().filter_map(|trigger| unit.function(trigger)) {
            let name = format!("{}.{}", function.schema, function.name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() {
            continue;
        }
        findings.push(Finding::new(
            &kinds::FUNCTION_UNKNOWN,
            unit.table(),
            &format!(
                "{} is captured by {}, of which nobody can say what it records",
                of.table,
                names.join(", ")
            ),
            replace(unit, of, &unknown),
            json!({ "relation": of.table.to_string(), "functions": names }),
        ));
    }
}

/// A function writes to the trail with the rights of its owner, and without them every write to the table fails.
fn powerless(unit: &Unit<'_>, findings: &mut Vec<Finding>) {
    let mut found: Vec<&Function> = Vec::new();
    for trigger in unit.relations().flat_map(|of| &of.triggers).filter(|trigger| unit.is_ours(trigger)) {
        if let Some(function) = unit.function(trigger).filter(|function| !function.can_record)
            && found.iter().all(|other| other.name != function.name)
        {
            found.push(function);
        }
    }
    for function in found {
        let trail = unit.around.trail;
        let name = format!("{}.{}", unit.around.storage.quoted(), identifier(&function.name));
        let owner = trail.owner.as_deref();
        let mut missing = Vec::new();
        if !function.may_replace {
            missing.push(function.owner.as_str());
        }
        if !trail.may_alter() {
            missing.extend(owner);
        }
        let sql = format!("ALTER FUNCTION {name}() OWNER TO {};", command::role(owner));
        findings.push(Finding::new(
            &kinds::FUNCTION_OWNER,
            unit.table(),
            &format!(
                "the function {} of {} belongs to {}, who may not write to the trail, so that every captured write fails",
                function.name,
                unit.table(),
                function.owner
            ),
            Remedy::of(Command::Sql(sql), &missing),
            json!({ "function": function.name, "role": function.owner, "trail_owner": owner }),
        ));
    }
}

fn altered(unit: &Unit<'_>, of: &Relation, function: &Function, findings: &mut Vec<Finding>) {
    if function.is_intact() {
        return;
    }
    findings.push(Finding::new(
        &kinds::FUNCTION_ALTERED,
        unit.table(),
        &format!("the function {} of {} is not as it was made", function.name, of.table),
        generate_for(unit, of),
        json!({ "function": function.name, "is_sealed": function.is_sealed }),
    ));
}

/// A partition and a table that inherits may use the function of a table above.
fn shared(unit: &Unit<'_>, of: &Relation, oid: i64, policy: &StoredPolicy, findings: &mut Vec<Finding>) {
    if unit.lineage.get(&of.row.oid).is_some_and(|lineage| lineage.contains(&policy.table)) {
        return;
    }
    let triggers: Vec<&Trigger> = of.triggers.iter().filter(|trigger| trigger.function == oid).collect();
    findings.push(Finding::new(
        &kinds::SHARED_FUNCTION,
        unit.table(),
        &format!("{} is captured by the function of {}", of.table, policy.table),
        replace(unit, of, &triggers),
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
            generate_for(unit, of),
            json!({ "gone": gone, "added": added, "retyped": retyped }),
        ));
    } else if !added.is_empty() {
        findings.push(Finding::new(
            &kinds::COLUMN_ADDED,
            unit.table(),
            &format!("{} has columns that came after its triggers: {}", of.table, list(&added)),
            generate_for(unit, of),
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
    let (old, new) = (command::role(Some(&row.owner)), command::role(Some(trail_owner)));
    let mut sql = format!(
        "ALTER TABLE {table} OWNER TO {new}; GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {old};"
    );
    if !row.sequences.is_empty() {
        // They go with the table, and its writers still draw numbers from them.
        sql += &format!(" GRANT USAGE ON SEQUENCE {} TO {old};", row.sequences.join(", "));
    }
    let missing: Vec<&str> =
        [(row.may_alter, row.owner.as_str()), (unit.around.trail.may_alter(), trail_owner)]
            .into_iter()
            .filter_map(|(may, role)| (!may).then_some(role))
            .collect();
    findings.push(Finding::new(
        &kinds::OWNER,
        unit.table(),
        &format!("{} belongs to {}, who can remove its triggers", unit.table(), row.owner),
        Remedy::of(Command::Sql(sql), &missing),
        json!({ "role": row.owner, "trail_owner": trail_owner }),
    ));
}
