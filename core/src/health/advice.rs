//! Advice on a finding: a command that works on the database as it is, or what has to be done first.

use super::Remedy;
use super::relation::Relation;
use super::table_group::TableGroup;
use crate::TableName;
use crate::capture::{CaptureMode, overlap};
use crate::config::toml_snippet;

/// Advice on how to fix a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Advice {
    /// The checking role can run the command.
    Run(Remedy),
    /// Other roles can run the command: `a superuser or a member of billing`.
    RunAs(Remedy, String),
    /// No command would work before this is done.
    Blocked(String),
}

impl Advice {
    /// Advises to run a command, as a member of each of these roles if there are any.
    pub(super) fn run_by_members(remedy: Remedy, missing_roles: &[&str]) -> Self {
        if missing_roles.is_empty() {
            return Self::Run(remedy);
        }
        let mut roles = missing_roles.to_vec();
        roles.sort_unstable();
        roles.dedup();
        Self::RunAs(remedy, format!("a superuser or a member of {}", roles.join(" and ")))
    }

    /// Splits the advice into the command, the roles that may run it, and the obstacle.
    pub(super) fn into_parts(self) -> (Option<Remedy>, Option<String>, Option<String>) {
        match self {
            Self::Run(remedy) => (Some(remedy), None, None),
            Self::RunAs(remedy, role) => (Some(remedy), Some(role), None),
            Self::Blocked(obstacle) => (None, None, Some(obstacle)),
        }
    }
}

/// Advises to run SQL about one relation, which its owner can run.
pub(super) fn alter_relation(relation: &Relation, sql: String) -> Advice {
    let missing: &[&str] = if relation.row.may_alter { &[] } else { &[&relation.row.owner] };
    Advice::run_by_members(Remedy::Sql(sql), missing)
}

/// Advises to generate the triggers of a table again. Keeps the deployed mode if the configuration sets none.
pub(super) fn generate_triggers(group: &TableGroup<'_>) -> Advice {
    let is_mode_open = group.context.config.policy(group.table().clone()).mode.is_none();
    let mode = group.deployed().map(|policy| policy.mode).filter(|_| is_mode_open);
    generate_triggers_with(group, mode, false)
}

/// Advises to generate the triggers of one relation again: of a partition with a capture function of its own, otherwise of the
/// whole table.
pub(super) fn generate_triggers_of(group: &TableGroup<'_>, relation: &Relation) -> Advice {
    if relation.row.oid == group.root.row.oid || !group.has_own_function(relation) {
        return generate_triggers(group);
    }
    generate_unless_blocked(group, relation, std::iter::once(relation), None, false)
}

/// Advises to generate the triggers of a table again with a mode, and for replicated writes as well if `always` is set.
pub(super) fn generate_triggers_with(
    group: &TableGroup<'_>,
    mode: Option<CaptureMode>,
    always: bool,
) -> Advice {
    generate_unless_blocked(group, group.root, group.relations(), mode, always)
}

fn generate_unless_blocked<'a>(
    group: &TableGroup<'a>,
    relation: &Relation,
    affected: impl Iterator<Item = &'a Relation>,
    mode: Option<CaptureMode>,
    always: bool,
) -> Advice {
    if let Some(obstacle) = obstacle(group, relation) {
        return Advice::Blocked(obstacle);
    }
    let storage_schema = group.context.storage.clone();
    let remedy = Remedy::GenerateTriggers { table: relation.table.clone(), storage_schema, mode, always };
    Advice::run_by_members(remedy, &missing_roles(group, affected))
}

/// Returns the roles whose privileges the checking role lacks: the owners of the tables, of the trail, and of functions that
/// would be replaced.
fn missing_roles<'a>(group: &TableGroup<'a>, relations: impl Iterator<Item = &'a Relation>) -> Vec<&'a str> {
    let (trail, mut missing) = (group.context.trail, Vec::new());
    for relation in relations {
        if !relation.row.may_alter {
            missing.push(relation.row.owner.as_str());
        }
        for (_, function) in group.row_functions(relation) {
            if function.schema == group.context.storage.name() && !function.may_replace {
                missing.push(function.owner.as_str());
            }
        }
    }
    if !trail.may_create {
        missing.extend(trail.owner.as_deref());
    }
    missing
}

/// Returns the reason why `threadline gen triggers` would refuse the table or record what it should not, as far as the catalogue
/// and the configuration show it.
fn obstacle(group: &TableGroup<'_>, relation: &Relation) -> Option<String> {
    let (context, table) = (&group.context, &relation.table);
    if !context.trail.can_capture {
        return Some(format!(
            "the trail in schema {} was created by the Elixir library: generate the triggers with it (mix threadline.gen.triggers), or \
             install a trail of this library in another schema (threadline install --storage-schema) and capture {table} there",
            context.storage
        ));
    }
    renamed_table_obstacle(group, relation)
        .or_else(|| key_obstacle(group, relation))
        .or_else(|| column_obstacle(group, relation))
}

/// Finds a renamed table whose section in the configuration still has the old name: it would be captured without redaction.
fn renamed_table_obstacle(group: &TableGroup<'_>, relation: &Relation) -> Option<String> {
    let (config, table) = (group.context.config, &relation.table);
    let is_ancestor = |other: &TableName| {
        group.lineage.get(&relation.row.oid).is_some_and(|lineage| lineage.contains(other))
    };
    let policies = group
        .row_functions(relation)
        .into_iter()
        .filter_map(|(_, function)| function.definition.policy.as_ref());
    let old = policies.map(|policy| &policy.table).find(|old| !is_ancestor(old) && config.has_policy(old))?;
    (!config.has_policy(table)).then(|| {
        format!(
            "threadline.toml has the section [{}] and none for {table}: add [{}] first, or values that are redacted now would be \
             recorded",
            toml_snippet::section(old),
            toml_snippet::section(table)
        )
    })
}

fn key_obstacle(group: &TableGroup<'_>, relation: &Relation) -> Option<String> {
    let table = &relation.table;
    let policy = group.context.config.policy(table.clone());
    let section = toml_snippet::section(table);
    let is_stable =
        |key: &[String]| key.iter().all(|column| unstable_type_obstacle(group, relation, column).is_none());
    let key = match (&relation.primary_key, &policy.primary_key) {
        (Some(_), Some(_)) => {
            return Some(format!(
                "{table} has a primary key: remove primary_key from the section [{section}] of threadline.toml first"
            ));
        }
        (Some(key), None) => key,
        (None, Some(declared)) if relation.unique_keys.iter().any(|key| has_same_columns(key, declared)) => {
            declared
        }
        (None, Some(declared)) => {
            return Some(format!(
                "primary_key of {table} in threadline.toml is ({}), but no unique index on NOT NULL columns guarantees it",
                declared.join(", ")
            ));
        }
        (None, None) => {
            return Some(match relation.unique_keys.iter().find(|key| is_stable(key)) {
                Some(key) => format!(
                    "{table} has no primary key: add one, or add {} to the section [{section}] of threadline.toml, which a unique \
                     index guarantees",
                    toml_snippet::primary_key(key)
                ),
                None if group.relations().any(|relation| relation.row.has_foreign_child) => format!(
                    "{table} has no primary key, and cannot have one while one of its partitions is a foreign table"
                ),
                None => {
                    format!("{table} has no primary key: add one first, after removing duplicate rows")
                }
            });
        }
    };
    for (list, columns) in [("exclude", &policy.exclude), ("mask", &policy.mask)] {
        let redacted = overlap(key, columns);
        if !redacted.is_empty() {
            let redacted = redacted.join(", ");
            return Some(format!(
                "the key of {table} is in {list} of [{section}] in threadline.toml: remove {redacted} from it first"
            ));
        }
    }
    key.iter().find_map(|column| unstable_type_obstacle(group, relation, column))
}

/// Returns the reason why a column cannot be part of a key: one value of its type can have several texts.
fn unstable_type_obstacle(group: &TableGroup<'_>, relation: &Relation, column: &str) -> Option<String> {
    let (type_oid, name) = relation.type_of(column)?;
    let is_stable = group.context.trail.stable_types.contains(&type_oid);
    (!is_stable).then(|| {
        format!(
            "the key column {column} of {} has the type {name}, whose text is not stable: use another key",
            relation.table
        )
    })
}

fn column_obstacle(group: &TableGroup<'_>, relation: &Relation) -> Option<String> {
    let table = &relation.table;
    let policy = group.context.config.policy(table.clone());
    let section = toml_snippet::section(table);
    let lists =
        [("exclude", &policy.exclude), ("mask", &policy.mask), ("except_columns", &policy.except_columns)];
    for (list, columns) in lists {
        if let Some(missing) = columns.iter().find(|column| !relation.row.columns.contains(column)) {
            return Some(format!(
                "{list} of [{section}] in threadline.toml names the column {missing}, which {table} does not have: correct it first"
            ));
        }
    }
    let redacts = |column: &str| policy.exclude.iter().chain(&policy.mask).any(|other| other == column);
    relation.generated().find(|(column, source)| redacts(source) && !redacts(column)).map(|(column, source)| {
        format!("{column} of {table} is generated from {source}, which [{section}] in threadline.toml redacts: redact {column} as well")
    })
}

/// Compares two keys without regard to the order of their columns.
pub(super) fn has_same_columns(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|column| other.contains(column))
}
