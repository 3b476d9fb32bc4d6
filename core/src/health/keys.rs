//! Findings about keys: changes must be recorded under the columns that identify rows today.

use serde_json::json;

use super::advice::{generate_triggers, generate_triggers_of, has_same_columns};
use super::finding::Finding;
use super::kinds;
use super::relation::{ROWS, Relation};
use super::table_group::TableGroup;
use crate::capture::StoredPolicy;

/// Compares the key of a stored policy with the key of the table.
pub(super) fn check_policy(
    group: &TableGroup<'_>,
    relation: &Relation,
    policy: &StoredPolicy,
    findings: &mut Vec<Finding>,
) {
    let declared = group.context.config.policy(relation.table.clone()).primary_key.is_some();
    let reason = match &relation.primary_key {
        Some(key) if has_same_columns(key, &policy.key) => return,
        Some(_) if declared => "override_on_table_with_primary_key",
        Some(_) => "key_mismatch",
        None if relation.unique_keys.iter().any(|key| has_same_columns(key, &policy.key)) => return,
        None if policy.key.iter().any(|column| !relation.row.columns.contains(column)) => {
            "recorded_column_missing"
        }
        None if declared => "override_without_qualifying_index",
        None => "no_primary_key",
    };
    push_key_drift(group, relation, reason, &policy.key, findings);
}

/// Compares the key of the Elixir library's triggers with the key of the table. A trigger has its key columns as arguments; an
/// old one without arguments records the column id.
pub(super) fn check_legacy(group: &TableGroup<'_>, relation: &Relation, findings: &mut Vec<Finding>) {
    let key = relation
        .primary_key
        .clone()
        .or_else(|| group.context.config.policy(relation.table.clone()).primary_key);
    for trigger in relation.triggers.iter().filter(|trigger| trigger.tgtype & ROWS != 0) {
        let recorded = &trigger.arguments;
        let is_old = recorded.is_empty();
        let is_id = key.as_ref().is_some_and(|key| key == &["id"]);
        if is_old && is_id {
            findings.push(Finding::new(
                &kinds::LEGACY_TRIGGER,
                group.table(),
                &format!("the trigger {} of {} records no other key than id", trigger.name, relation.table),
                generate_triggers(group),
                json!({ "trigger": trigger.name }),
            ));
        } else if is_old {
            push_key_drift(group, relation, "legacy_trigger_on_non_id_key", &["id".to_owned()], findings);
        } else if key.as_ref().is_none_or(|key| !has_same_columns(key, recorded)) {
            let reason = if key.is_some() { "key_mismatch" } else { "no_primary_key" };
            push_key_drift(group, relation, reason, recorded, findings);
        }
    }
}

/// Adds a finding about a key that differs. A table that has lost its key gets an explanation instead of a command: only its rows
/// could show whether a new primary key would fail on duplicates.
fn push_key_drift(
    group: &TableGroup<'_>,
    relation: &Relation,
    reason: &str,
    recorded: &[String],
    findings: &mut Vec<Finding>,
) {
    let columns = recorded.join(", ");
    let has_columns = recorded.iter().all(|column| relation.row.columns.contains(column));
    let problem = match &relation.primary_key {
        Some(key) => {
            format!(
                "{} is recorded under the key ({columns}), but its primary key is ({})",
                relation.table,
                key.join(", ")
            )
        }
        None if has_columns => {
            format!(
                "{} is recorded under the key ({columns}), which is not guaranteed to be unique",
                relation.table
            )
        }
        None => format!("{} no longer has its key ({columns})", relation.table),
    };
    let details = json!({ "reason": reason, "recorded": recorded, "primary_key": relation.primary_key });
    findings.push(Finding::new(
        &kinds::KEY_DRIFT,
        group.table(),
        &problem,
        generate_triggers_of(group, relation),
        details,
    ));
}
