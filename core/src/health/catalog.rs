//! What the catalogue says of tables, triggers and the trail, in one snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, FromRow, PgConnection};

use super::HealthError;
use super::definitions::{Definition, Definitions};
use crate::{AuditTrail, TableName, pool};

/// Everything at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) relations: Vec<Relation>,
    pub(super) functions: HashMap<i64, Function>,
    pub(super) trail: Trail,
}

/// A table or a partition.
#[derive(Debug)]
pub(super) struct Relation {
    pub(super) row: RelationRow,
    pub(super) table: TableName,
    pub(super) primary_key: Option<Vec<String>>,
    /// The columns of each unique index that could identify rows; only where there is no primary key.
    pub(super) unique_keys: Vec<Vec<String>>,
    pub(super) triggers: Vec<Trigger>,
}

#[derive(Debug, FromRow)]
pub(super) struct RelationRow {
    pub(super) oid: i64,
    schema: String,
    name: String,
    pub(super) is_partition: bool,
    pub(super) parents: Vec<i64>,
    pub(super) owner: String,
    pub(super) owner_is_superuser: bool,
    numbers: Vec<i16>,
    pub(super) columns: Vec<String>,
    pub(super) types: Vec<String>,
    primary_key: Option<Vec<i16>>,
    unique_keys: Option<Json<Vec<Vec<i16>>>>,
    trigger_names: Vec<String>,
    trigger_functions: Vec<i64>,
    trigger_kinds: Vec<i16>,
    trigger_states: Vec<i8>,
    trigger_arguments: Vec<Vec<u8>>,
    trigger_plain: Vec<bool>,
    pub(super) is_subscribed: bool,
}

/// One of Threadline's triggers, or one that calls its functions.
#[derive(Debug)]
pub(super) struct Trigger {
    pub(super) name: String,
    pub(super) function: i64,
    /// The bits of `tgtype`: 1 each row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate, 64 instead.
    pub(super) kind: i16,
    /// `O` at origin, `A` always, `R` for replicated writes only, `D` never.
    pub(super) state: char,
    pub(super) arguments: Vec<String>,
    /// Without a condition and a list of columns.
    pub(super) is_plain: bool,
}

/// What a trigger calls.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) definition: Arc<Definition>,
    /// It runs with its owner's rights and a search path of its own.
    pub(super) is_sealed: bool,
}

impl Function {
    /// Body and settings are those that were made with the policy.
    pub(super) fn is_intact(&self) -> bool {
        let Definition { policy, digest, .. } = &*self.definition;
        self.is_sealed && policy.as_ref().is_some_and(|policy| policy.digest == *digest)
    }
}

/// The trail's own tables, and who can get round them.
#[derive(Debug, FromRow)]
pub(super) struct Trail {
    pub(super) checked_at: DateTime<Utc>,
    is_installed: bool,
    pub(super) schemas: Vec<String>,
    oids: Vec<i64>,
    function_schemas: Vec<String>,
    names: Vec<String>,
    versions: Vec<String>,
    digests: Vec<Option<String>>,
    comments: Vec<Option<String>>,
    bodies: Vec<Option<String>>,
    sealed: Vec<bool>,
    pub(super) is_partitioned: bool,
    pub(super) partitions: Vec<String>,
    pub(super) filled_defaults: Vec<String>,
    pub(super) owner: Option<String>,
    owner_is_superuser: Option<bool>,
    owner_can_log_in: Option<bool>,
    pub(super) writers: Json<Vec<Writer>>,
    pub(super) silenced: Json<Vec<Silenced>>,
    /// Roles that may set `session_replication_role`; `None` is PUBLIC.
    pub(super) silencers: Vec<Option<String>>,
}

/// A role with the right to change a table of the trail; without a name it is PUBLIC.
#[derive(Debug, Deserialize)]
pub(super) struct Writer {
    pub(super) relation: String,
    pub(super) role: Option<String>,
    pub(super) privileges: Vec<String>,
}

/// A role or database whose sessions begin without triggers.
#[derive(Debug, Deserialize)]
pub(super) struct Silenced {
    pub(super) role: Option<String>,
    pub(super) database: Option<String>,
}

impl Trail {
    /// Whoever has the owner's password could change the trail.
    pub(super) fn owner_is_exposed(&self) -> bool {
        self.owner_is_superuser == Some(false) && self.owner_can_log_in == Some(true)
    }
}

/// Reads it all.
pub(super) async fn read(trail: &AuditTrail) -> Result<Snapshot, HealthError> {
    let mut transaction = pool::begin(&trail.pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    // The types of columns are stored with their schemas.
    let mut settings = "SET LOCAL search_path = ''".to_owned();
    if trail.prepared {
        // Planning so many joins takes as long as some of them.
        settings += "; SET LOCAL plan_cache_mode = force_generic_plan";
    }
    sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut *transaction).await?;
    let known = trail.functions.get();
    let (oids, versions): (Vec<i64>, Vec<&str>) =
        known.iter().map(|(oid, (version, _))| (*oid, version.as_str())).unzip();
    let mut state: Trail = sqlx::query_as(include_str!("trail.sql"))
        .bind(trail.schema.name())
        .bind(oids)
        .bind(versions)
        .persistent(trail.prepared)
        .fetch_one(&mut *transaction)
        .await?;
    if !state.is_installed {
        return Err(HealthError::NotInstalled { schema: trail.schema.clone() });
    }
    let relations = sqlx::query_as(include_str!("tables.sql")).persistent(trail.prepared);
    let relations: Vec<RelationRow> = relations.fetch_all(&mut *transaction).await?;
    let mut filled = Vec::new();
    for name in std::mem::take(&mut state.filled_defaults) {
        if has_rows(&mut transaction, trail, &name).await? {
            filled.push(name);
        }
    }
    state.filled_defaults = filled;
    let (functions, definitions) = functions(&mut state, &known);
    trail.functions.set(definitions);
    let relations = relations.into_iter().map(Relation::from).collect();
    Ok(Snapshot { relations, functions, trail: state })
}

/// Of a default partition that has ever held a row: only such a one is looked into.
async fn has_rows(
    connection: &mut PgConnection,
    trail: &AuditTrail,
    partition: &str,
) -> Result<bool, sqlx::Error> {
    let sql = trail.schema.fill(&format!("SELECT EXISTS (SELECT FROM __schema__.{partition})"));
    sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false).fetch_one(connection).await
}

/// What was not read is known.
fn functions(trail: &mut Trail, known: &Definitions) -> (HashMap<i64, Function>, Definitions) {
    let mut functions = HashMap::with_capacity(trail.oids.len());
    let mut definitions = Definitions::with_capacity(trail.oids.len());
    for (at, oid) in trail.oids.iter().enumerate() {
        let (comment, body) = (trail.comments[at].take(), trail.bodies[at].take());
        let definition = match trail.digests[at].take() {
            Some(digest) => {
                let policy = comment.and_then(|comment| serde_json::from_str(&comment).ok());
                Arc::new(Definition { digest, policy, body })
            }
            None => known.get(oid).map(|(_, definition)| definition.clone()).unwrap_or_default(),
        };
        definitions.insert(*oid, (std::mem::take(&mut trail.versions[at]), definition.clone()));
        let schema = std::mem::take(&mut trail.function_schemas[at]);
        let name = std::mem::take(&mut trail.names[at]);
        functions.insert(*oid, Function { schema, name, definition, is_sealed: trail.sealed[at] });
    }
    (functions, definitions)
}

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
        Self { row, table, primary_key, unique_keys, triggers }
    }
}

fn triggers(row: &mut RelationRow) -> Vec<Trigger> {
    let mut triggers = Vec::with_capacity(row.trigger_names.len());
    for (at, name) in std::mem::take(&mut row.trigger_names).into_iter().enumerate() {
        let arguments = String::from_utf8_lossy(&row.trigger_arguments[at]);
        triggers.push(Trigger {
            name,
            function: row.trigger_functions[at],
            kind: row.trigger_kinds[at],
            state: char::from(row.trigger_states[at].unsigned_abs()),
            arguments: arguments.split_terminator('\0').map(str::to_owned).collect(),
            is_plain: row.trigger_plain[at],
        });
    }
    triggers.sort_by(|one, other| one.name.cmp(&other.name));
    triggers
}
