//! Recognises the tables of trails, and the triggers that write to another trail.

use std::collections::{HashMap, HashSet};

use super::CAPTURE_FUNCTION_PREFIX;
use super::catalog::Function;
use super::relation::Relation;
use crate::StorageSchema;

/// The tables of this library and of the Elixir library that are not partitioned. They are listed in full because a table of
/// the host may have the same prefix.
const UNPARTITIONED_TABLES: [&str; 9] = [
    "audit_actions",
    "threadline_coverage_gaps",
    "threadline_evidence_records",
    "threadline_export_jobs",
    "threadline_migrations",
    "threadline_captured_relations",
    "threadline_redacted_columns",
    "threadline_retention_runs",
    "threadline_saved_views",
];

/// The tables that are partitioned by month, each with columns that identify a trail in any schema.
const PARTITIONED_TABLES: [(&str, [&str; 4]); 2] = [
    ("audit_changes", ["transaction_id", "table_pk", "data_after", "changed_fields"]),
    ("audit_transactions", ["txid", "occurred_at", "actor_ref", "action_id"]),
];

/// Returns the schemas that hold a trail, including the checked one.
pub(super) fn trail_schemas(relations: &[Relation], storage: &StorageSchema) -> HashSet<String> {
    let mut found: HashMap<&str, usize> = HashMap::new();
    for relation in relations {
        let is_of_trail = |(name, columns): &(&str, [&str; 4])| {
            relation.table.name() == *name
                && columns.iter().all(|column| relation.row.columns.iter().any(|other| other == column))
        };
        if PARTITIONED_TABLES.iter().any(is_of_trail) {
            *found.entry(relation.table.schema()).or_default() += 1;
        }
    }
    let complete = found.into_iter().filter(|(_, tables)| *tables == PARTITIONED_TABLES.len());
    complete.map(|(schema, _)| schema).chain([storage.name()]).map(str::to_owned).collect()
}

/// Returns whether a table belongs to a trail: one of its tables, or a partition of one, attached or not.
pub(super) fn is_trail_table(relation: &Relation, trail_schemas: &HashSet<String>) -> bool {
    let name = relation.table.name();
    let is_month = |rest: &str| rest.len() >= 8 && rest.bytes().all(|b| b == b'_' || b.is_ascii_digit());
    let is_partitioned = |(own, _): &(&str, [&str; 4])| {
        name.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest == "_default" || is_month(rest))
    };
    trail_schemas.contains(relation.table.schema())
        && (UNPARTITIONED_TABLES.contains(&name) || PARTITIONED_TABLES.iter().any(is_partitioned))
}

/// Removes the triggers that write to another trail from a relation, and notes the schemas of those trails instead.
pub(super) fn separate_other_trails(
    relation: &mut Relation,
    functions: &HashMap<i64, Function>,
    trail_schemas: &HashSet<String>,
    storage: &StorageSchema,
) {
    let other_trails = &mut relation.other_trails;
    relation.triggers.retain(|trigger| {
        let other = functions.get(&trigger.function).filter(|function| {
            function.schema != storage.name()
                && trail_schemas.contains(&function.schema)
                && function.name.starts_with(CAPTURE_FUNCTION_PREFIX)
        });
        if let Some(function) = other
            && !other_trails.contains(&function.schema)
        {
            other_trails.push(function.schema.clone());
        }
        other.is_none()
    });
}
