//! Findings about keys: a change must be tied to its row by what identifies rows now.

use serde_json::json;

use super::catalog::Relation;
use super::finding::{Command, Finding};
use super::kinds;
use super::triggers::generate;
use super::unit::{ROWS, Unit};
use crate::capture::{StoredPolicy, identifier, relation};

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

fn drifted(unit: &Unit<'_>, of: &Relation, reason: &str, recorded: &[String], findings: &mut Vec<Finding>) {
    let lost = of.primary_key.is_none() && recorded.iter().all(|column| of.row.columns.contains(column));
    let (what, command) = match &of.primary_key {
        Some(key) => {
            let advice = if reason == "override_on_table_with_primary_key" {
                "; take primary_key out of its section in threadline.toml"
            } else {
                ""
            };
            let now = key.join(", ");
            (
                format!(
                    "{} is recorded under ({}) and its key is ({now}){advice}",
                    of.table,
                    recorded.join(", ")
                ),
                generate(unit),
            )
        }
        None if lost => {
            let columns: Vec<String> = recorded.iter().map(|column| identifier(column)).collect();
            (
                format!(
                    "{} is recorded under ({}), which nothing guarantees to be unique",
                    of.table,
                    recorded.join(", ")
                ),
                Command::Sql(format!(
                    "ALTER TABLE {} ADD PRIMARY KEY ({});",
                    relation(&of.table),
                    columns.join(", ")
                )),
            )
        }
        None => (
            format!("{} has lost its key ({}); give it a primary key", of.table, recorded.join(", ")),
            generate(unit),
        ),
    };
    let details = json!({ "reason": reason, "recorded": recorded, "primary_key": of.primary_key });
    findings.push(Finding::new(&kinds::KEY_DRIFT, unit.table(), &what, command, details));
}

fn same(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|column| other.contains(column))
}
