//! Findings about triggers that are missing, disabled, bypassed by replication, or duplicated.

use serde_json::json;

use super::advice::{alter_relation, generate_triggers, generate_triggers_of, generate_triggers_with};
use super::finding::Finding;
use super::kinds;
use super::relation::{EACH_ROW, INSERT, OPERATIONS, ROWS, Relation, TRUNCATE, Trigger};
use super::remedy::{drop_triggers, enable_triggers};
use super::table_group::TableGroup;
use crate::capture::{CaptureMode, trigger_name};

/// Adds the findings about the triggers of a captured table.
pub(super) fn check(group: &TableGroup<'_>, findings: &mut Vec<Finding>) {
    check_disabled(group, findings);
    check_incomplete(group, findings);
    check_partitions(group, findings);
    check_replicated(group, findings);
    check_duplicates(group, findings);
}

fn check_disabled(group: &TableGroup<'_>, findings: &mut Vec<Finding>) {
    let clause = if group.deployed().is_some_and(|policy| policy.always) {
        "ENABLE ALWAYS TRIGGER"
    } else {
        "ENABLE TRIGGER"
    };
    for relation in group.relations() {
        let disabled: Vec<&Trigger> =
            relation.triggers.iter().filter(|trigger| matches!(trigger.state, 'D' | 'R')).collect();
        if disabled.is_empty() {
            continue;
        }
        let names: Vec<&str> = disabled.iter().map(|trigger| trigger.name.as_str()).collect();
        let clauses: Vec<(&str, &str)> = names.iter().map(|name| (clause, *name)).collect();
        let replica = disabled.iter().all(|trigger| trigger.state == 'R');
        let state = if replica { "enabled for replicated writes only" } else { "disabled" };
        findings.push(Finding::new(
            &kinds::TRIGGER_DISABLED,
            group.table(),
            &format!("triggers of {} are {state}: {}", relation.table, names.join(", ")),
            alter_relation(relation, enable_triggers(&relation.table, &clauses)),
            json!({ "relation": relation.table.to_string(), "triggers": names,
                    "states": disabled.iter().map(|trigger| trigger.state.to_string()).collect::<Vec<_>>() }),
        ));
    }
}

fn check_incomplete(group: &TableGroup<'_>, findings: &mut Vec<Finding>) {
    let captured = group.captured_operations(group.root);
    let missing: Vec<&str> =
        OPERATIONS.iter().filter(|(bit, _)| captured & bit == 0).map(|(_, operation)| *operation).collect();
    let kind = match captured & ROWS {
        _ if missing.is_empty() => return,
        ROWS if group.is_legacy() => &kinds::LEGACY_TRUNCATE,
        ROWS => &kinds::TRUNCATE_MISSED,
        _ => &kinds::INCOMPLETE,
    };
    let problem = format!("{} is captured without {}", group.table(), missing.join(", "));
    let details = json!({ "operations": missing });
    findings.push(Finding::new(kind, group.table(), &problem, generate_triggers(group), details));
}

/// Finds partitions that lack triggers: a write that names a partition fires only the partition's own triggers. A partition with
/// a capture function of its own gets a finding of its own, because generating the table's triggers does not fix it.
fn check_partitions(group: &TableGroup<'_>, findings: &mut Vec<Finding>) {
    let required = if group.is_legacy() { ROWS } else { ROWS | TRUNCATE };
    let lacks_triggers = |partition: &&Relation| group.captured_operations(partition) & required != required;
    let (separate, lacking): (Vec<&Relation>, Vec<&Relation>) = group
        .partitions
        .iter()
        .copied()
        .filter(lacks_triggers)
        .partition(|partition| group.has_own_function(partition));
    let together = lacking.first().map(|_| lacking.as_slice());
    for lacking in separate.iter().map(std::slice::from_ref).chain(together) {
        let names: Vec<String> = lacking.iter().map(|partition| partition.table.to_string()).collect();
        let mut shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        if names.len() > 5 {
            shown += &format!(" and {} more", names.len() - 5);
        }
        findings.push(Finding::new(
            &kinds::PARTITION_MISSED,
            group.table(),
            &format!("direct writes to partitions of {} are not all captured: {shown}", group.table()),
            generate_triggers_of(group, lacking[0]),
            json!({ "partitions": names }),
        ));
    }
}

/// Adds a finding if the table is captured for another trail only.
pub(super) fn check_other_trail(group: &TableGroup<'_>, findings: &mut Vec<Finding>) {
    let trails = &group.root.other_trails;
    if trails.is_empty() {
        return;
    }
    let shown = trails.join(", ");
    findings.push(Finding::new(
        &kinds::OTHER_TRAIL,
        group.table(),
        &format!(
            "{} is captured for the trail in schema {shown}, which capturing it here ends",
            group.table()
        ),
        generate_triggers(group),
        json!({ "trails": trails }),
    ));
}

/// Finds subscribed tables whose triggers do not fire for the subscription: its worker writes with `session_replication_role =
/// replica`, which fires only triggers that are enabled always, and of statement triggers only those of TRUNCATE.
fn check_replicated(group: &TableGroup<'_>, findings: &mut Vec<Finding>) {
    let is_bypassed = |relation: &Relation| {
        let fires = |trigger: &Trigger| {
            trigger.state == 'A' && (trigger.tgtype & ROWS == 0 || trigger.tgtype & EACH_ROW != 0)
        };
        relation.row.is_subscribed && !relation.triggers.iter().all(fires)
    };
    let bypassed: Vec<String> = group
        .relations()
        .filter(|relation| is_bypassed(relation))
        .map(|relation| relation.table.to_string())
        .collect();
    if bypassed.is_empty() {
        return;
    }
    findings.push(Finding::new(
        &kinds::REPLICATED_MISSED,
        group.table(),
        &format!("a subscription writes to {}, and its writes are not captured", bypassed.join(", ")),
        generate_triggers_with(group, Some(CaptureMode::Row), true),
        json!({ "relations": bypassed }),
    ));
}

/// Finds operations that several triggers capture. Keeps the triggers that capturing would create, otherwise the first of each
/// operation; the others are duplicates. Inherited triggers of a partition are kept, because they belong to its table.
fn check_duplicates(group: &TableGroup<'_>, findings: &mut Vec<Finding>) {
    for relation in group.relations() {
        let has_several =
            |bit: i16| relation.triggers.iter().filter(|trigger| trigger.tgtype & bit != 0).count() > 1;
        if !OPERATIONS.iter().any(|(bit, _)| has_several(*bit)) {
            continue;
        }
        let by_row = group.deployed().is_some_and(|policy| policy.mode == CaptureMode::Row);
        let is_expected = |trigger: &&Trigger| {
            let event = OPERATIONS.iter().find(|(bit, _)| trigger.tgtype & (ROWS | TRUNCATE) == *bit);
            let expected_name = trigger_name(&relation.table, event.map(|(_, operation)| *operation));
            let in_mode = trigger.tgtype & INSERT == 0 && trigger.tgtype & TRUNCATE != 0
                || by_row == (trigger.tgtype & EACH_ROW != 0);
            trigger.is_inherited || trigger.name == expected_name && in_mode
        };
        let mut kept: Vec<&Trigger> = relation.triggers.iter().filter(is_expected).collect();
        for trigger in &relation.triggers {
            if kept.iter().all(|other| other.tgtype & trigger.tgtype & (ROWS | TRUNCATE) == 0) {
                kept.push(trigger);
            }
        }
        let duplicates: Vec<&str> = relation
            .triggers
            .iter()
            .filter(|trigger| kept.iter().all(|other| other.name != trigger.name))
            .map(|trigger| trigger.name.as_str())
            .collect();
        if duplicates.is_empty() {
            continue;
        }
        findings.push(Finding::new(
            &kinds::DUPLICATE,
            group.table(),
            &format!("{} is captured twice, also by {}", relation.table, duplicates.join(", ")),
            alter_relation(relation, drop_triggers(&relation.table, &duplicates)),
            json!({ "relation": relation.table.to_string(), "triggers": duplicates }),
        ));
    }
}
