//! Which tables belong to a trail, and which triggers to another one.

use std::collections::{HashMap, HashSet};

use super::catalog::Function;
use super::relation::Relation;
use crate::StorageSchema;

/// The tables of this library and of the Elixir library, but for those with partitions. A table of the host may begin alike.
const TABLES: [&str; 9] = [
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

/// The tables that are partitioned by month, each with columns by which a trail is recognised in any schema.
const PARTITIONED: [(&str, [&str; 4]); 2] = [
    ("audit_changes", ["transaction_id", "table_pk", "data_after", "changed_fields"]),
    ("audit_transactions", ["txid", "occurred_at", "actor_ref", "action_id"]),
];

/// The schemas that hold a trail, that which is checked among them.
pub(super) fn trails(relations: &[Relation], storage: &StorageSchema) -> HashSet<String> {
    let mut found: HashMap<&str, usize> = HashMap::new();
    for relation in relations {
        let is_of_trail = |(name, columns): &(&str, [&str; 4])| {
            relation.table.name() == *name
                && columns.iter().all(|column| relation.row.columns.iter().any(|other| other == column))
        };
        if PARTITIONED.iter().any(is_of_trail) {
            *found.entry(relation.table.schema()).or_default() += 1;
        }
    }
    let complete = found.into_iter().filter(|(_, tables)| *tables == PARTITIONED.len());
    complete.map(|(schema, _)| schema).chain([storage.name()]).map(str::to_owned).collect()
}

/// Whether a trail made the table, or it was a partition of one of its tables.
pub(super) fn is_own(relation: &Relation, trails: &HashSet<String>) -> bool {
    let name = relation.table.name();
    let is_month = |rest: &str| rest.len() >= 8 && rest.bytes().all(|b| b == b'_' || b.is_ascii_digit());
    let is_partitioned = |(own, _): &(&str, [&str; 4])| {
        name.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest == "_default" || is_month(rest))
    };
    trails.contains(relation.table.schema())
        && (TABLES.contains(&name) || PARTITIONED.iter().any(is_partitioned))
}

/// Sets the triggers apart that write to another trail.
pub(super) fn set_apart(
    relation: &mut Relation,
    functions: &HashMap<i64, Function>,
    trails: &HashSet<String>,
    storage: &StorageSchema,
) {
    let other_trails = &mut relation.other_trails;
    relation.triggers.retain(|trigger| {
        let other = functions.get(&trigger.function).filter(|function| {
            function.schema != storage.name()
                && trails.contains(&function.schema)
                && function.name.starts_with("threadline_capture_")
        });
        if let Some(function) = other
            && !other_trails.contains(&function.schema)
        {
            other_trails.push(function.schema.clone());
        }
        other.is_none()
    });
}
