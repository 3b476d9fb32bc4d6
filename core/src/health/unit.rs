//! A table with its partitions: what counts as one.

use std::collections::{HashMap, HashSet};

use super::catalog::{Function, Snapshot, Trail};
use super::own;
use super::relation::{Relation, Trigger};
use crate::capture::{StoredPolicy, function_name};
use crate::{Config, StorageSchema, TableName};

/// What every check asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) storage: &'a StorageSchema,
    pub(super) config: &'a Config,
    pub(super) functions: &'a HashMap<i64, Function>,
    pub(super) trail: &'a Trail,
}

#[derive(Debug)]
pub(super) struct Unit<'a> {
    /// The table; the whole one, where it is partitioned.
    pub(super) root: &'a Relation,
    pub(super) partitions: Vec<&'a Relation>,
    /// The tables above each relation, by inheritance or as partitions, itself included.
    pub(super) lineage: HashMap<i64, HashSet<&'a TableName>>,
    pub(super) around: Surroundings<'a>,
}

/// The host's tables, by schema and name. Those of a trail do not count.
pub(super) fn units<'a>(snapshot: &'a Snapshot, around: Surroundings<'a>) -> Vec<Unit<'a>> {
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
    let mut units: Vec<Unit<'a>> = Vec::new();
    for root in snapshot.relations.iter().filter(|r| !r.row.is_partition && !own::is_own(r, &snapshot.trails))
    {
        let mut below = partitions.remove(&root.row.oid).unwrap_or_default();
        below.sort_by_key(|partition| &partition.table);
        let all = std::iter::once(&root).chain(&below);
        let lineage = all.map(|relation| (relation.row.oid, lineage(relation, &by_oid))).collect();
        units.push(Unit { root, partitions: below, lineage, around });
    }
    units.sort_by_key(|unit| &unit.root.table);
    units
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

impl<'a> Unit<'a> {
    pub(super) fn table(&self) -> &'a TableName {
        &self.root.table
    }

    /// The table first, then its partitions.
    pub(super) fn relations(&self) -> impl Iterator<Item = &'a Relation> + '_ {
        std::iter::once(self.root).chain(self.partitions.iter().copied())
    }

    pub(super) fn function(&self, trigger: &Trigger) -> Option<&'a Function> {
        self.around.functions.get(&trigger.function)
    }

    /// The function writes to this trail, as far as its name and schema say.
    pub(super) fn is_ours(&self, trigger: &Trigger) -> bool {
        self.function(trigger).is_some_and(|function| {
            function.schema == self.around.storage.name() && function.name.starts_with("threadline_capture_")
        })
    }

    /// The functions that capture rows of a relation, each once.
    pub(super) fn row_functions(&self, relation: &'a Relation) -> Vec<(i64, &'a Function)> {
        let mut functions = Vec::new();
        for trigger in relation.triggers.iter().filter(|trigger| trigger.kind & ROWS != 0) {
            if let Some(function) = self.function(trigger)
                && functions.iter().all(|(oid, _)| *oid != trigger.function)
            {
                functions.push((trigger.function, function));
            }
        }
        functions
    }

    /// What captures rows is the Elixir library's, and nobody has edited it.
    pub(super) fn is_legacy(&self) -> bool {
        let functions = self.row_functions(self.root);
        !functions.is_empty() && functions.iter().all(|(_, function)| function.definition.legacy.is_some())
    }

    /// The relation has a capture function of its own, which a plan of the whole table leaves alone.
    pub(super) fn has_own_function(&self, relation: &'a Relation) -> bool {
        let own = function_name(&relation.table);
        self.row_functions(relation).iter().any(|(_, function)| function.name == own)
    }

    /// What the table's own function was made with.
    pub(super) fn deployed(&self) -> Option<&'a StoredPolicy> {
        self.row_functions(self.root)
            .into_iter()
            .find_map(|(_, function)| function.definition.policy.as_ref())
    }
}

pub(super) const INSERT: i16 = 4;
pub(super) const DELETE: i16 = 8;
pub(super) const UPDATE: i16 = 16;
pub(super) const TRUNCATE: i16 = 32;
pub(super) const EACH_ROW: i16 = 1;
/// Every operation on rows.
pub(super) const ROWS: i16 = INSERT | DELETE | UPDATE;
/// Every operation, with its name.
pub(super) const OPERATIONS: [(i16, &str); 4] =
    [(INSERT, "insert"), (UPDATE, "update"), (DELETE, "delete"), (TRUNCATE, "truncate")];

/// What a sound trigger captures; one that a condition, a list of columns or BEFORE narrows is none.
pub(super) fn operations(unit: &Unit<'_>, relation: &Relation) -> i16 {
    let sound =
        |trigger: &&Trigger| trigger.is_plain && trigger.kind & (2 | 64) == 0 && unit.is_ours(trigger);
    relation.triggers.iter().filter(sound).fold(0, |bits, trigger| bits | trigger.kind) & (ROWS | TRUNCATE)
}
