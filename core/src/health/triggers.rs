//! Findings about triggers: there, complete, enabled for the way the session writes, and only once.

use serde_json::json;

use super::finding::Finding;
use super::relation::{Relation, Trigger};
use super::remedy::{alter, generate, generate_for, generate_with};
use super::unit::{EACH_ROW, INSERT, OPERATIONS, ROWS, TRUNCATE, Unit, operations};
use super::{command, kinds};
use crate::capture::{CaptureMode, trigger_name};

pub(super) fn check(unit: &Unit<'_>, findings: &mut Vec<Finding>) {
    disabled(unit, findings);
    incomplete(unit, findings);
    partitions(unit, findings);
    replicated(unit, findings);
    duplicates(unit, findings);
}

fn disabled(unit: &Unit<'_>, findings: &mut Vec<Finding>) {
    let how = if unit.deployed().is_some_and(|policy| policy.always) {
        "ENABLE ALWAYS TRIGGER"
    } else {
        "ENABLE TRIGGER"
    };
    for of in unit.relations() {
        let silent: Vec<&Trigger> =
            of.triggers.iter().filter(|trigger| matches!(trigger.state, 'D' | 'R')).collect();
        if silent.is_empty() {
            continue;
        }
        let names: Vec<&str> = silent.iter().map(|trigger| trigger.name.as_str()).collect();
        let parts: Vec<(&str, &str)> = names.iter().map(|name| (how, *name)).collect();
        let replica = silent.iter().all(|trigger| trigger.state == 'R');
        let state = if replica { "enabled for replicated writes only" } else { "disabled" };
        findings.push(Finding::new(
            &kinds::TRIGGER_DISABLED,
            unit.table(),
            &format!("triggers of {} are {state}: {}", of.table, names.join(", ")),
            alter(of, command::enable(&of.table, &parts)),
            json!({ "relation": of.table.to_string(), "triggers": names,
                    "states": silent.iter().map(|trigger| trigger.state.to_string()).collect::<Vec<_>>() }),
        ));
    }
}

fn incomplete(unit: &Unit<'_>, findings: &mut Vec<Finding>) {
    let captured = operations(unit, unit.root);
    let missing = missing(captured);
    let kind = match captured & ROWS {
        _ if missing.is_empty() => return,
        ROWS if unit.is_legacy() => &kinds::LEGACY_TRUNCATE,
        ROWS => &kinds::TRUNCATE_MISSED,
        _ => &kinds::INCOMPLETE,
    };
    let what = format!("{} is captured without {}", unit.table(), missing.join(", "));
    findings.push(Finding::new(kind, unit.table(), &what, generate(unit), json!({ "operations": missing })));
}

/// A partition can be written to by its own name, and then only its own triggers fire. One with a capture function of its own
/// is captured apart from the table.
fn partitions(unit: &Unit<'_>, findings: &mut Vec<Finding>) {
    let wanted = if unit.is_legacy() { ROWS } else { ROWS | TRUNCATE };
    let is_lacking = |partition: &&Relation| operations(unit, partition) & wanted != wanted;
    let (apart, lacking): (Vec<&Relation>, Vec<&Relation>) = unit
        .partitions
        .iter()
        .copied()
        .filter(is_lacking)
        .partition(|partition| unit.has_own_function(partition));
    let together = lacking.first().map(|_| lacking.as_slice());
    for lacking in apart.iter().map(std::slice::from_ref).chain(together) {
        let names: Vec<String> = lacking.iter().map(|partition| partition.table.to_string()).collect();
        let mut shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        if names.len() > 5 {
            shown += &format!(" and {} more", names.len() - 5);
        }
        findings.push(Finding::new(
            &kinds::PARTITION_MISSED,
            unit.table(),
            &format!("writes straight to partitions of {} are not all captured: {shown}", unit.table()),
            generate_for(unit, lacking[0]),
            json!({ "partitions": names }),
        ));
    }
}

/// The table is captured, but not for this trail.
pub(super) fn other_trail(unit: &Unit<'_>, findings: &mut Vec<Finding>) {
    let trails = &unit.root.other_trails;
    if trails.is_empty() {
        return;
    }
    let shown = trails.join(", ");
    findings.push(Finding::new(
        &kinds::OTHER_TRAIL,
        unit.table(),
        &format!(
            "{} is captured for the trail in schema {shown}, which ends when it is captured here",
            unit.table()
        ),
        generate(unit),
        json!({ "trails": trails }),
    ));
}

/// The worker of a subscription writes with `session_replication_role = replica` and fires no trigger of a statement but
/// that of TRUNCATE.
fn replicated(unit: &Unit<'_>, findings: &mut Vec<Finding>) {
    let escapes = |of: &Relation| {
        let fires = |trigger: &Trigger| {
            trigger.state == 'A' && (trigger.kind & ROWS == 0 || trigger.kind & EACH_ROW != 0)
        };
        of.row.is_subscribed && !of.triggers.iter().all(fires)
    };
    let escaping: Vec<String> =
        unit.relations().filter(|of| escapes(of)).map(|of| of.table.to_string()).collect();
    if escaping.is_empty() {
        return;
    }
    findings.push(Finding::new(
        &kinds::REPLICATED_MISSED,
        unit.table(),
        &format!("a subscription writes to {}, and its writes are not captured", escaping.join(", ")),
        generate_with(unit, Some(CaptureMode::Row), " --always"),
        json!({ "relations": escaping }),
    ));
}

/// Keeps the triggers that capturing would make, else the first; the rest is surplus. What a partition has from its table goes
/// with that.
fn duplicates(unit: &Unit<'_>, findings: &mut Vec<Finding>) {
    for of in unit.relations() {
        let twice = |bit: i16| of.triggers.iter().filter(|trigger| trigger.kind & bit != 0).count() > 1;
        if !OPERATIONS.iter().any(|(bit, _)| twice(*bit)) {
            continue;
        }
        let by_row = unit.deployed().is_some_and(|policy| policy.mode == CaptureMode::Row);
        let is_expected = |trigger: &&Trigger| {
            let event = OPERATIONS.iter().find(|(bit, _)| trigger.kind & (ROWS | TRUNCATE) == *bit);
            let named = match event {
                Some((_, operation)) => trigger_name(&of.table, Some(operation)),
                None => trigger_name(&of.table, None),
            };
            let in_mode = trigger.kind & INSERT == 0 && trigger.kind & TRUNCATE != 0
                || by_row == (trigger.kind & EACH_ROW != 0);
            trigger.is_inherited || trigger.name == named && in_mode
        };
        let mut kept: Vec<&Trigger> = of.triggers.iter().filter(is_expected).collect();
        for trigger in &of.triggers {
            if kept.iter().all(|other| other.kind & trigger.kind & (ROWS | TRUNCATE) == 0) {
                kept.push(trigger);
            }
        }
        let surplus: Vec<&str> = of
            .triggers
            .iter()
            .filter(|trigger| kept.iter().all(|other| other.name != trigger.name))
            .map(|trigger| trigger.name.as_str())
            .collect();
        if surplus.is_empty() {
            continue;
        }
        findings.push(Finding::new(
            &kinds::DUPLICATE,
            unit.table(),
            &format!("{} is captured twice, also by {}", of.table, surplus.join(", ")),
            alter(of, command::drop_triggers(&of.table, &surplus)),
            json!({ "relation": of.table.to_string(), "triggers": surplus }),
        ));
    }
}

fn missing(captured: i16) -> Vec<&'static str> {
    OPERATIONS.iter().filter(|(bit, _)| captured & bit == 0).map(|(_, operation)| *operation).collect()
}
