//! What mends a finding: a command that works as things stand, or what has to be done first.

use super::command;
use super::finding::Command;
use super::relation::Relation;
use super::unit::Unit;
use crate::TableName;
use crate::capture::{CaptureMode, overlap};
use crate::config::paste;

/// What mends a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The role that checks can run it.
    Run(Command),
    /// Only such a role can run it: `a superuser or a member of billing`.
    RunAs(Command, String),
    /// No command would work. What has to be done first.
    First(String),
}

impl Remedy {
    /// A command that these roles, or members of them, may run, if the role that checks is none.
    pub(super) fn of(command: Command, missing: &[&str]) -> Self {
        if missing.is_empty() {
            return Self::Run(command);
        }
        let mut missing = missing.to_vec();
        missing.sort_unstable();
        missing.dedup();
        Self::RunAs(command, format!("a superuser or a member of {}", missing.join(" and ")))
    }

    /// The command, who has to run it, and what has to be done first.
    pub(super) fn into_parts(self) -> (Option<Command>, Option<String>, Option<String>) {
        match self {
            Self::Run(command) => (Some(command), None, None),
            Self::RunAs(command, who) => (Some(command), Some(who), None),
            Self::First(obstacle) => (None, None, Some(obstacle)),
        }
    }
}

/// SQL about one relation, which its owner can run.
pub(super) fn alter(relation: &Relation, sql: String) -> Remedy {
    let missing: &[&str] = if relation.row.may_alter { &[] } else { &[&relation.row.owner] };
    Remedy::of(Command::Sql(sql), missing)
}

/// Generates the triggers of the table again. A mode that is deployed and that the file leaves open stays as it is.
pub(super) fn generate(unit: &Unit<'_>) -> Remedy {
    let is_open = unit.around.config.policy(unit.table().clone()).mode.is_none();
    let kept = unit.deployed().map(|policy| policy.mode).filter(|_| is_open);
    generate_with(unit, kept, "")
}

/// The same for a partition that is captured apart from its table, and else for the whole table.
pub(super) fn generate_for(unit: &Unit<'_>, relation: &Relation) -> Remedy {
    if relation.row.oid == unit.root.row.oid || !unit.has_own_function(relation) {
        return generate(unit);
    }
    match obstacle(unit, relation) {
        Some(obstacle) => Remedy::First(obstacle),
        None => Remedy::of(
            command::generate(unit.around.storage, &relation.table, None, ""),
            &missing_roles(unit, std::iter::once(relation)),
        ),
    }
}

/// The same with a mode and further options.
pub(super) fn generate_with(unit: &Unit<'_>, mode: Option<CaptureMode>, options: &str) -> Remedy {
    match obstacle(unit, unit.root) {
        Some(obstacle) => Remedy::First(obstacle),
        None => Remedy::of(
            command::generate(unit.around.storage, unit.table(), mode, options),
            &missing_roles(unit, unit.relations()),
        ),
    }
}

/// Who has to be asked: the owners of the tables, of the trail, and of a function that would be replaced.
fn missing_roles<'a>(unit: &Unit<'a>, relations: impl Iterator<Item = &'a Relation>) -> Vec<&'a str> {
    let (trail, mut missing) = (unit.around.trail, Vec::new());
    for relation in relations {
        if !relation.row.may_alter {
            missing.push(relation.row.owner.as_str());
        }
        for (_, function) in unit.row_functions(relation) {
            if function.schema == unit.around.storage.name() && !function.may_replace {
                missing.push(function.owner.as_str());
            }
        }
    }
    if !trail.may_create {
        missing.extend(trail.owner.as_deref());
    }
    missing
}

/// Why `threadline gen triggers` would refuse the table, or record what it should not, as far as the catalogue and the file
/// tell.
fn obstacle(unit: &Unit<'_>, relation: &Relation) -> Option<String> {
    let (around, table) = (&unit.around, &relation.table);
    if !around.trail.can_capture {
        return Some(format!(
            "the trail in schema {} was made by the Elixir library: generate the triggers with it (mix threadline.gen.triggers), or \
             install a trail of this library in another schema (threadline install --storage-schema) and capture {table} there",
            around.storage
        ));
    }
    other_section(unit, relation).or_else(|| key(unit, relation)).or_else(|| columns(unit, relation))
}

/// A table that was renamed still has the section of its old name, and would be captured without its redaction.
fn other_section(unit: &Unit<'_>, relation: &Relation) -> Option<String> {
    let (config, table) = (unit.around.config, &relation.table);
    let is_above = |other: &TableName| {
        unit.lineage.get(&relation.row.oid).is_some_and(|lineage| lineage.contains(other))
    };
    let policies = unit
        .row_functions(relation)
        .into_iter()
        .filter_map(|(_, function)| function.definition.policy.as_ref());
    let old = policies.map(|policy| &policy.table).find(|old| !is_above(old) && config.has_policy(old))?;
    (!config.has_policy(table)).then(|| {
        format!(
            "threadline.toml has the section [{}] and none for {table}: write [{}] first, or what is redacted now would be recorded",
            paste::section(old),
            paste::section(table)
        )
    })
}

fn key(unit: &Unit<'_>, relation: &Relation) -> Option<String> {
    let table = &relation.table;
    let policy = unit.around.config.policy(table.clone());
    let section = paste::section(table);
    let stable = |key: &[String]| key.iter().all(|column| unstable(unit, relation, column).is_none());
    let key = match (&relation.primary_key, &policy.primary_key) {
        (Some(_), Some(_)) => {
            return Some(format!(
                "{table} has a primary key: take primary_key out of the section [{section}] of threadline.toml first"
            ));
        }
        (Some(key), None) => key,
        (None, Some(declared)) if relation.unique_keys.iter().any(|key| same(key, declared)) => declared,
        (None, Some(declared)) => {
            return Some(format!(
                "primary_key of {table} in threadline.toml is ({}), and no unique index on columns without NULL guarantees it",
                declared.join(", ")
            ));
        }
        (None, None) => {
            return Some(match relation.unique_keys.iter().find(|key| stable(key)) {
                Some(key) => format!(
                    "{table} has no primary key: add one, or write {} into the section [{section}] of threadline.toml, whose unique \
                     index serves",
                    paste::primary_key(key)
                ),
                None if unit.relations().any(|relation| relation.row.has_foreign_child) => format!(
                    "{table} has no primary key, and can have none while one of its partitions is a foreign table"
                ),
                None => {
                    format!("{table} has no primary key: add one first, once no two rows share their values")
                }
            });
        }
    };
    for (list, columns) in [("exclude", &policy.exclude), ("mask", &policy.mask)] {
        let redacted = overlap(key, columns);
        if !redacted.is_empty() {
            let redacted = redacted.join(", ");
            return Some(format!(
                "the key of {table} is in {list} of [{section}] in threadline.toml: take {redacted} out first"
            ));
        }
    }
    key.iter().find_map(|column| unstable(unit, relation, column))
}

/// Why a column cannot be part of a key.
fn unstable(unit: &Unit<'_>, relation: &Relation, column: &str) -> Option<String> {
    let (kind, name) = relation.type_of(column)?;
    let is_stable = unit.around.trail.stable_types.contains(&kind);
    (!is_stable).then(|| {
        format!("the key column {column} of {} has the type {name}, whose text is not stable: give it another key", relation.table)
    })
}

fn columns(unit: &Unit<'_>, relation: &Relation) -> Option<String> {
    let table = &relation.table;
    let policy = unit.around.config.policy(table.clone());
    let section = paste::section(table);
    let lists =
        [("exclude", &policy.exclude), ("mask", &policy.mask), ("except_columns", &policy.except_columns)];
    for (list, columns) in lists {
        if let Some(missing) = columns.iter().find(|column| !relation.row.columns.contains(column)) {
            return Some(format!(
                "{list} of [{section}] in threadline.toml names {missing}, which {table} does not have: put that right first"
            ));
        }
    }
    let redacts = |column: &str| policy.exclude.iter().chain(&policy.mask).any(|other| other == column);
    relation.generated().find(|(column, source)| redacts(source) && !redacts(column)).map(|(column, source)| {
        format!("{column} of {table} is generated from {source}, which [{section}] in threadline.toml redacts: put {column} there as well")
    })
}

/// The same columns in whatever order.
pub(super) fn same(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|column| other.contains(column))
}
