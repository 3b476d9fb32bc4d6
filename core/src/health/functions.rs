//! Findings about capture functions: their owners, their definitions, and the columns that they were generated for.

use serde_json::json;

use super::advice::{Advice, alter_relation, generate_triggers_of};
use super::catalog::Function;
use super::finding::Finding;
use super::relation::{ROWS, Relation, Trigger};
use super::remedy::{drop_triggers, role};
use super::table_group::TableGroup;
use super::{Remedy, keys, kinds};
use crate::capture::{StoredPolicy, TRIGGER_PREFIX, identifier, relation as quoted_relation};

/// The prefix of the names of all functions that this library creates.
const FUNCTION_PREFIX: &str = "threadline_";

/// Adds the findings about the capture functions of a table and its partitions.
pub(super) fn check(group: &TableGroup<'_>, findings: &mut Vec<Finding>) {
    check_unknown(group, findings);
    check_owner_privileges(group, findings);
    let mut checked = Vec::new();
    for relation in group.relations() {
        for (oid, function) in group.row_functions(relation) {
            if let Some(policy) = &function.definition.policy {
                if !checked.contains(&oid) {
                    check_altered(group, relation, function, findings);
                }
                check_shared(group, relation, oid, policy, findings);
                if policy.table == relation.table {
                    keys::check_policy(group, relation, policy, findings);
                    check_columns(group, relation, policy, findings);
                }
            } else if is_legacy(function) && !relation.row.is_partition {
                keys::check_legacy(group, relation, findings);
            }
            checked.push(oid);
        }
    }
}

/// Returns whether a function is an unedited one of the Elixir library.
fn is_legacy(function: &Function) -> bool {
    function.definition.legacy.is_some()
}

/// Advises to replace triggers. Generating triggers replaces only those of this library, so others have to be dropped first.
fn replace_triggers(group: &TableGroup<'_>, relation: &Relation, triggers: &[&Trigger]) -> Advice {
    let is_foreign = |trigger: &&&Trigger| {
        let calls_ours =
            group.function(trigger).is_some_and(|function| function.name.starts_with(FUNCTION_PREFIX));
        !trigger.name.starts_with(TRIGGER_PREFIX) || !calls_ours
    };
    let foreign: Vec<&str> =
        triggers.iter().filter(is_foreign).map(|trigger| trigger.name.as_str()).collect();
    if foreign.is_empty() {
        generate_triggers_of(group, relation)
    } else {
        alter_relation(relation, drop_triggers(&relation.table, &foreign))
    }
}

/// Finds triggers that call functions of other schemas, or functions without a policy.
fn check_unknown(group: &TableGroup<'_>, findings: &mut Vec<Finding>) {
    for relation in group.relations() {
        let is_known = |trigger: &Trigger| {
            group.function(trigger).is_none_or(|function| {
                let is_understood = function.definition.policy.is_some() || is_legacy(function);
                (is_understood || trigger.tgtype & ROWS == 0) && group.is_ours(trigger)
            })
        };
        // Inherited triggers are reported for the table.
        let unknown: Vec<&Trigger> =
            relation.triggers.iter().filter(|trigger| !trigger.is_inherited && !is_known(trigger)).collect();
        let mut names: Vec<String> = Vec::new();
        for function in unknown.iter().filter_map(|trigger| group.function(trigger)) {
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
            group.table(),
            &format!(
                "{} is captured by {}, and what that records is unknown",
                relation.table,
                names.join(", ")
            ),
            replace_triggers(group, relation, &unknown),
            json!({ "relation": relation.table.to_string(), "functions": names }),
        ));
    }
}

/// Finds functions whose owner may not write to the trail: a function writes with the privileges of its owner, so every write to
/// the table fails.
fn check_owner_privileges(group: &TableGroup<'_>, findings: &mut Vec<Finding>) {
    let mut found: Vec<&Function> = Vec::new();
    for trigger in
        group.relations().flat_map(|relation| &relation.triggers).filter(|trigger| group.is_ours(trigger))
    {
        if let Some(function) = group.function(trigger).filter(|function| !function.can_record)
            && found.iter().all(|other| other.name != function.name)
        {
            found.push(function);
        }
    }
    for function in found {
        let trail = group.context.trail;
        let name = format!("{}.{}", group.context.storage.quoted(), identifier(&function.name));
        let owner = trail.owner.as_deref();
        let mut missing = Vec::new();
        if !function.may_replace {
            missing.push(function.owner.as_str());
        }
        if !trail.may_alter() {
            missing.extend(owner);
        }
        let sql = format!("ALTER FUNCTION {name}() OWNER TO {};", role(owner));
        findings.push(Finding::new(
            &kinds::FUNCTION_OWNER,
            group.table(),
            &format!(
                "the function {} of {} belongs to {}, who may not write to the trail, so every captured write fails",
                function.name,
                group.table(),
                function.owner
            ),
            Advice::run_by_members(Remedy::Sql(sql), &missing),
            json!({ "function": function.name, "role": function.owner, "trail_owner": owner }),
        ));
    }
}

fn check_altered(
    group: &TableGroup<'_>,
    relation: &Relation,
    function: &Function,
    findings: &mut Vec<Finding>,
) {
    if function.is_intact() {
        return;
    }
    findings.push(Finding::new(
        &kinds::FUNCTION_ALTERED,
        group.table(),
        &format!("the function {} of {} was altered after it was generated", function.name, relation.table),
        generate_triggers_of(group, relation),
        json!({ "function": function.name, "has_pinned_search_path": function.has_pinned_search_path }),
    ));
}

/// Finds relations that use the function of another table. Partitions and tables that inherit may use that of an ancestor.
fn check_shared(
    group: &TableGroup<'_>,
    relation: &Relation,
    oid: i64,
    policy: &StoredPolicy,
    findings: &mut Vec<Finding>,
) {
    if group.lineage.get(&relation.row.oid).is_some_and(|lineage| lineage.contains(&policy.table)) {
        return;
    }
    let triggers: Vec<&Trigger> =
        relation.triggers.iter().filter(|trigger| trigger.function == oid).collect();
    findings.push(Finding::new(
        &kinds::SHARED_FUNCTION,
        group.table(),
        &format!("{} is captured by the function of {}", relation.table, policy.table),
        replace_triggers(group, relation, &triggers),
        json!({ "relation": relation.table.to_string(), "function_of": policy.table.to_string() }),
    ));
}

/// Finds columns that were dropped, added, or changed their type since the function was generated.
fn check_columns(
    group: &TableGroup<'_>,
    relation: &Relation,
    policy: &StoredPolicy,
    findings: &mut Vec<Finding>,
) {
    let present = &relation.row.columns;
    if *present == policy.columns && relation.row.types == policy.types {
        return;
    }
    let dropped: Vec<&String> = policy.columns.iter().filter(|column| !present.contains(column)).collect();
    let added: Vec<&String> = present.iter().filter(|column| !policy.columns.contains(column)).collect();
    let known = policy.columns.iter().zip(&policy.types);
    let retyped: Vec<&String> = known
        .filter(|(column, kind)| {
            present
                .iter()
                .position(|other| other == *column)
                .is_some_and(|at| relation.row.types[at] != **kind)
        })
        .map(|(column, _)| column)
        .collect();
    let list = |columns: &[&String]| columns.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(", ");
    if !dropped.is_empty() || !retyped.is_empty() {
        let changed = [&dropped[..], &retyped[..]].concat();
        findings.push(Finding::new(
            &kinds::TABLE_CHANGED,
            group.table(),
            &format!("{} has changed since its triggers were generated: {}", relation.table, list(&changed)),
            generate_triggers_of(group, relation),
            json!({ "gone": dropped, "added": added, "retyped": retyped }),
        ));
    } else if !added.is_empty() {
        findings.push(Finding::new(
            &kinds::COLUMN_ADDED,
            group.table(),
            &format!("{} has columns that were added after its triggers: {}", relation.table, list(&added)),
            generate_triggers_of(group, relation),
            json!({ "columns": added }),
        ));
    }
}

/// Adds a finding if the owner of the table is another role than that of the trail: it can drop the triggers.
pub(super) fn check_owner(group: &TableGroup<'_>, trail_owner: Option<&str>, findings: &mut Vec<Finding>) {
    let row = &group.root.row;
    let Some(trail_owner) = trail_owner.filter(|owner| *owner != row.owner && !row.owner_is_superuser) else {
        return;
    };
    let table = quoted_relation(group.table());
    let (old, new) = (role(Some(&row.owner)), role(Some(trail_owner)));
    let mut sql = format!(
        "ALTER TABLE {table} OWNER TO {new}; GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {old};"
    );
    if !row.sequences.is_empty() {
        // The sequences change their owner with the table, and its writers still need them.
        sql += &format!(" GRANT USAGE ON SEQUENCE {} TO {old};", row.sequences.join(", "));
    }
    let missing: Vec<&str> =
        [(row.may_alter, row.owner.as_str()), (group.context.trail.may_alter(), trail_owner)]
            .into_iter()
            .filter_map(|(may, role)| (!may).then_some(role))
            .collect();
    findings.push(Finding::new(
        &kinds::OWNER,
        group.table(),
        &format!("{} belongs to {}, who can drop its triggers", group.table(), row.owner),
        Advice::run_by_members(Remedy::Sql(sql), &missing),
        json!({ "role": row.owner, "trail_owner": trail_owner }),
    ));
}
