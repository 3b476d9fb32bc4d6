//! Findings about keys: a change must be tied to its row by what identifies rows now.

use serde_json::json;

use super::finding::Finding;
use super::kinds;
use super::relation::Relation;
use super::remedy::{generate, generate_for, same};
use super::unit::{ROWS, Unit};
use crate::capture::StoredPolicy;

pub(super) fn of_policy(unit: &Unit<'_>, of: &Relation, policy: &StoredPolicy, findings: &mut Vec<Finding>) {
    let declared = unit.around.config.policy(of.table.clone()).primary_key.is_some();
    let reason = match &of.primary_key {
        Some(key) if same(key, &policy.key) => return,
        Some(_) if declared => "override_on_table_with_primary_key",
        Some(_) => "key_mismatch",
        None if of.unique_keys.iter().any(|key| same(key, &policy.key)) => return,
        None if policy.key.iter().any(|column| !of.row.columns.contains(column)) => "recorded_column_missing",
        None if declared => "override_without_qualifying_index",
        None => "no_primary_key",
    };
    drifted(unit, of, reason, &policy.key, findings);
}

/// The reference system tells a trigger its key columns; an old trigger knows only the column id.
pub(super) fn of_legacy(unit: &Unit<'_>, of: &Relation, findings: &mut Vec<Finding>) {
    let key = of.primary_key.clone().or_else(|| unit.around.config.policy(of.table.clone()).primary_key);
    for trigger in of.triggers.iter().filter(|trigger| trigger.kind & ROWS != 0) {
        let recorded = &trigger.arguments;
        let old = recorded.is_empty();
        let is_id = key.as_ref().is_some_and(|key| key == &["id"]);
        if old && is_id {
            findings.push(Finding::new(
                &kinds::LEGACY_TRIGGER,
                unit.table(),
                &format!("the trigger {} of {} knows no key but id", trigger.name, of.table),
                generate(unit),
                json!({ "trigger": trigger.name }),
            ));
        } else if old {
            drifted(unit, of, "legacy_trigger_on_non_id_key", &["id".to_owned()], findings);
        } else if key.as_ref().is_none_or(|key| !same(key, recorded)) {
            let reason = if key.is_some() { "key_mismatch" } else { "no_primary_key" };
            drifted(unit, of, reason, recorded, findings);
        }
    }
}

/// Whether rows that share a key could be told apart is not known without reading them, and a primary key on duplicates fails: a
/// table that has lost its key is told what to do, and no command.
fn drifted(unit: &Unit<'_>, of: &Relation, reason: &str, recorded: &[String], findings: &mut Vec<Finding>) {
    let columns = recorded.join(", ");
    let is_there = recorded.iter().all(|column| of.row.columns.contains(column));
    let what = match &of.primary_key {
        Some(key) => {
            format!("{} is recorded under ({columns}) and its key is ({})", of.table, key.join(", "))
        }
        None if is_there => {
            format!("{} is recorded under ({columns}), which nothing guarantees to be unique", of.table)
        }
        None => format!("{} has lost its key ({columns})", of.table),
    };
    let details = json!({ "reason": reason, "recorded": recorded, "primary_key": of.primary_key });
    findings.push(Finding::new(&kinds::KEY_DRIFT, unit.table(), &what, generate_for(unit, of), details));
}
