//! A table or a partition as the catalogue describes it.

use sqlx::FromRow;
use sqlx::types::Json;

use crate::TableName;

/// A table or a partition.
#[derive(Debug)]
pub(super) struct Relation {
    pub(super) row: RelationRow,
    pub(super) table: TableName,
    pub(super) primary_key: Option<Vec<String>>,
    /// The columns of each unique index that could identify rows; empty if there is a primary key.
    pub(super) unique_keys: Vec<Vec<String>>,
    /// The triggers that capture it for the checked trail, or call an unknown function.
    pub(super) triggers: Vec<Trigger>,
    /// The schemas of the other trails that capture it.
    pub(super) other_trails: Vec<String>,
}

/// A row of `tables.sql`.
#[derive(Debug, FromRow)]
pub(super) struct RelationRow {
    pub(super) oid: i64,
    schema: String,
    name: String,
    pub(super) is_partition: bool,
    pub(super) parents: Vec<i64>,
    pub(super) owner: String,
    pub(super) owner_is_superuser: bool,
    /// The checking role has the privileges of the owner.
    pub(super) may_alter: bool,
    numbers: Vec<i16>,
    pub(super) columns: Vec<String>,
    pub(super) types: Vec<String>,
    type_oids: Vec<i64>,
    generated: Vec<i16>,
    generated_sources: Vec<i16>,
    primary_key: Option<Vec<i16>>,
    unique_keys: Option<Json<Vec<Vec<i16>>>>,
    trigger_names: Vec<String>,
    trigger_functions: Vec<i64>,
    trigger_types: Vec<i16>,
    trigger_states: Vec<i8>,
    trigger_arguments: Vec<Vec<u8>>,
    trigger_unconditional: Vec<bool>,
    trigger_inherited: Vec<bool>,
    pub(super) is_subscribed: bool,
    /// A foreign table is one of its partitions or inherits from it.
    pub(super) has_foreign_child: bool,
    /// The quoted names of the sequences of its serial columns.
    pub(super) sequences: Vec<String>,
}

/// A trigger of Threadline, or one that calls its functions.
#[derive(Debug)]
pub(super) struct Trigger {
    pub(super) name: String,
    pub(super) function: i64,
    /// The bits of `pg_trigger.tgtype`.
    pub(super) tgtype: i16,
    /// When it fires (`pg_trigger.tgenabled`): `O` at origin, `A` always, `R` for replicated writes only, `D` never.
    pub(super) state: char,
    pub(super) arguments: Vec<String>,
    /// It has neither a condition nor a list of columns.
    pub(super) is_unconditional: bool,
    /// It belongs to a trigger of the parent table, and is dropped with it.
    pub(super) is_inherited: bool,
}

// The bits of `pg_trigger.tgtype`.
pub(super) const EACH_ROW: i16 = 1;
pub(super) const BEFORE: i16 = 2;
pub(super) const INSERT: i16 = 4;
pub(super) const DELETE: i16 = 8;
pub(super) const UPDATE: i16 = 16;
pub(super) const TRUNCATE: i16 = 32;
pub(super) const INSTEAD: i16 = 64;
/// Every operation on rows.
pub(super) const ROWS: i16 = INSERT | DELETE | UPDATE;
/// Every operation, with its name.
pub(super) const OPERATIONS: [(i16, &str); 4] =
    [(INSERT, "insert"), (UPDATE, "update"), (DELETE, "delete"), (TRUNCATE, "truncate")];

impl From<RelationRow> for Relation {
    fn from(mut row: RelationRow) -> Self {
        let named = |numbers: &Vec<i16>| -> Vec<String> {
            let column =
                |number| row.numbers.iter().position(|n| n == number).map(|at| row.columns[at].clone());
            numbers.iter().filter_map(column).collect()
        };
        let primary_key = row.primary_key.as_ref().map(named);
        let unique_keys = row.unique_keys.iter().flat_map(|Json(keys)| keys.iter().map(named)).collect();
        let table = TableName::new(&*row.schema, &*row.name);
        let triggers = triggers(&mut row);
        Self { row, table, primary_key, unique_keys, triggers, other_trails: Vec::new() }
    }
}

impl Relation {
    /// Returns the oid and the name of a column's type.
    pub(super) fn type_of(&self, column: &str) -> Option<(i64, &str)> {
        let at = self.row.columns.iter().position(|name| name == column)?;
        Some((self.row.type_oids[at], &self.row.types[at]))
    }

    /// Returns each generated column with a column that it is generated from, one pair per source.
    pub(super) fn generated(&self) -> impl Iterator<Item = (&str, &str)> {
        let name = |number: &i16| {
            let at = self.row.numbers.iter().position(|other| other == number)?;
            Some(self.row.columns[at].as_str())
        };
        self.row
            .generated
            .iter()
            .zip(&self.row.generated_sources)
            .filter_map(move |(column, source)| Some((name(column)?, name(source)?)))
    }
}

fn triggers(row: &mut RelationRow) -> Vec<Trigger> {
    let mut triggers = Vec::with_capacity(row.trigger_names.len());
    for (at, name) in std::mem::take(&mut row.trigger_names).into_iter().enumerate() {
        let arguments = String::from_utf8_lossy(&row.trigger_arguments[at]);
        triggers.push(Trigger {
            name,
            function: row.trigger_functions[at],
            tgtype: row.trigger_types[at],
            state: char::from(row.trigger_states[at].unsigned_abs()),
            arguments: arguments.split_terminator('\0').map(str::to_owned).collect(),
            is_unconditional: row.trigger_unconditional[at],
            is_inherited: row.trigger_inherited[at],
        });
    }
    triggers.sort_by(|one, other| one.name.cmp(&other.name));
    triggers
}
