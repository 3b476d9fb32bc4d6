//! Tables with their partitions. Each group counts as one table in a report.

use std::collections::{HashMap, HashSet};

use super::catalog::{CatalogSnapshot, Function, Trail};
use super::relation::{BEFORE, INSTEAD, ROWS, Relation, TRUNCATE, Trigger};
use super::{CAPTURE_FUNCTION_PREFIX, trail_tables};
use crate::capture::{StoredPolicy, function_name};
use crate::{Config, StorageSchema, TableName};

/// The inputs that every check shares.
#[derive(Debug, Clone, Copy)]
pub(super) struct CheckContext<'a> {
    pub(super) storage: &'a StorageSchema,
    pub(super) config: &'a Config,
    pub(super) functions: &'a HashMap<i64, Function>,
    pub(super) trail: &'a Trail,
}

/// A table and, if it is partitioned, its partitions.
#[derive(Debug)]
pub(super) struct TableGroup<'a> {
    /// The table itself.
    pub(super) root: &'a Relation,
    pub(super) partitions: Vec<&'a Relation>,
    /// Each relation's ancestors by inheritance or partitioning, including the relation itself.
    pub(super) lineage: HashMap<i64, HashSet<&'a TableName>>,
    pub(super) context: CheckContext<'a>,
}

/// Groups the tables of the host, sorted by schema and name. Leaves out the tables of trails.
pub(super) fn table_groups<'a>(
    snapshot: &'a CatalogSnapshot,
    context: CheckContext<'a>,
) -> Vec<TableGroup<'a>> {
    let by_oid: HashMap<i64, &Relation> = snapshot.relations.iter().map(|r| (r.row.oid, r)).collect();
    let mut partitions: HashMap<i64, Vec<&Relation>> = HashMap::new();
    for relation in snapshot.relations.iter().filter(|relation| relation.row.is_partition) {
        let mut root = relation;
        while root.row.is_partition
            && let Some(parent) = root.row.parents.first().and_then(|oid| by_oid.get(oid))
        {
            root = parent;
        }
        partitions.entry(root.row.oid).or_default().push(relation);
    }
    let mut groups: Vec<TableGroup<'a>> = Vec::new();
    for root in snapshot
        .relations
        .iter()
        .filter(|r| !r.row.is_partition && !trail_tables::is_trail_table(r, &snapshot.trail_schemas))
    {
        let mut children = partitions.remove(&root.row.oid).unwrap_or_default();
        children.sort_by_key(|partition| &partition.table);
        let all = std::iter::once(&root).chain(&children);
        let lineage = all.map(|relation| (relation.row.oid, lineage(relation, &by_oid))).collect();
        groups.push(TableGroup { root, partitions: children, lineage, context });
    }
    groups.sort_by_key(|group| &group.root.table);
    groups
}

fn lineage<'a>(relation: &'a Relation, by_oid: &HashMap<i64, &'a Relation>) -> HashSet<&'a TableName> {
    let mut found = HashSet::new();
    let mut open = vec![relation];
    while let Some(next) = open.pop() {
        if found.insert(&next.table) {
            open.extend(next.row.parents.iter().filter_map(|oid| by_oid.get(oid)));
        }
    }
    found
}

impl<'a> TableGroup<'a> {
    /// Returns the name of the table.
    pub(super) fn table(&self) -> &'a TableName {
        &self.root.table
    }

    /// Returns the table, followed by its partitions.
    pub(super) fn relations(&self) -> impl Iterator<Item = &'a Relation> + '_ {
        std::iter::once(self.root).chain(self.partitions.iter().copied())
    }

    /// Returns the function that a trigger calls.
    pub(super) fn function(&self, trigger: &Trigger) -> Option<&'a Function> {
        self.context.functions.get(&trigger.function)
    }

    /// Returns whether a trigger writes to this trail, by the schema and the name of its function.
    pub(super) fn is_ours(&self, trigger: &Trigger) -> bool {
        self.function(trigger).is_some_and(|function| {
            function.schema == self.context.storage.name()
                && function.name.starts_with(CAPTURE_FUNCTION_PREFIX)
        })
    }

    /// Returns the functions that capture rows of a relation, without duplicates.
    pub(super) fn row_functions(&self, relation: &'a Relation) -> Vec<(i64, &'a Function)> {
        let mut functions = Vec::new();
        for trigger in relation.triggers.iter().filter(|trigger| trigger.tgtype & ROWS != 0) {
            if let Some(function) = self.function(trigger)
                && functions.iter().all(|(oid, _)| *oid != trigger.function)
            {
                functions.push((trigger.function, function));
            }
        }
        functions
    }

    /// Returns whether unedited functions of the Elixir library capture the rows of the table.
    pub(super) fn is_legacy(&self) -> bool {
        let functions = self.row_functions(self.root);
        !functions.is_empty() && functions.iter().all(|(_, function)| function.definition.legacy.is_some())
    }

    /// Returns whether a relation has a capture function of its own. Generating triggers for the whole table does not replace it.
    pub(super) fn has_own_function(&self, relation: &'a Relation) -> bool {
        let own = function_name(&relation.table);
        self.row_functions(relation).iter().any(|(_, function)| function.name == own)
    }

    /// Returns the policy that the table's function was generated with.
    pub(super) fn deployed(&self) -> Option<&'a StoredPolicy> {
        self.row_functions(self.root)
            .into_iter()
            .find_map(|(_, function)| function.definition.policy.as_ref())
    }

    /// Returns the operations that valid triggers capture, as bits of `tgtype`. A trigger is not valid if it has a condition or a
    /// list of columns, or fires BEFORE or INSTEAD OF.
    pub(super) fn captured_operations(&self, relation: &Relation) -> i16 {
        let is_valid = |trigger: &&Trigger| {
            trigger.is_unconditional && trigger.tgtype & (BEFORE | INSTEAD) == 0 && self.is_ours(trigger)
        };
        let triggers = relation.triggers.iter().filter(is_valid);
        triggers.fold(0, |bits, trigger| bits | trigger.tgtype) & (ROWS | TRUNCATE)
    }
}
