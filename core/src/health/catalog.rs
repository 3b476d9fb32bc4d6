//! What the catalogue says of tables, triggers and the trail, in one snapshot.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, FromRow, PgConnection};

use super::definitions::{Definition, Definitions};
use super::relation::{Relation, RelationRow};
use super::{HealthError, legacy, own};
use crate::capture::KEY_TYPES;
use crate::{AuditTrail, StorageSchema, pool};

/// Everything at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) relations: Vec<Relation>,
    pub(super) functions: HashMap<i64, Function>,
    pub(super) trail: Trail,
    /// Every schema that holds a trail, of this library or of the Elixir library.
    pub(super) trails: HashSet<String>,
}

/// What a trigger calls.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) definition: Arc<Definition>,
    /// It runs with its owner's rights and a search path of its own.
    pub(super) is_sealed: bool,
    pub(super) owner: String,
    /// The role that checks could replace it.
    pub(super) may_replace: bool,
    /// The rights that it writes with reach the trail, as far as they are its owner's.
    pub(super) can_record: bool,
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
    /// The role that checks is a superuser.
    pub(super) role_is_superuser: bool,
    is_installed: bool,
    /// This library made the trail, so that it can capture tables for it.
    pub(super) can_capture: bool,
    /// The role that checks could make a capture function.
    pub(super) may_create: bool,
    /// The types whose values have one text, so that a key may have them.
    pub(super) stable_types: Vec<i64>,
    pub(super) schemas: Vec<String>,
    oids: Vec<i64>,
    function_schemas: Vec<String>,
    names: Vec<String>,
    versions: Vec<String>,
    digests: Vec<Option<String>>,
    comments: Vec<Option<String>>,
    bodies: Vec<Option<String>>,
    sealed: Vec<bool>,
    function_owners: Vec<String>,
    replaceable: Vec<bool>,
    recording: Vec<bool>,
    pub(super) is_partitioned: bool,
    pub(super) partitions: Vec<String>,
    pub(super) filled_defaults: Vec<String>,
    pub(super) owner: Option<String>,
    owner_is_superuser: Option<bool>,
    owner_can_log_in: Option<bool>,
    /// The role that checks has the rights of the owner.
    may_alter: Option<bool>,
    pub(super) writers: Json<Vec<Writer>>,
    pub(super) silenced: Json<Vec<Silenced>>,
    pub(super) silencers: Json<Vec<Silencer>>,
}

/// A role with the right to change a table of the trail; without a name it is PUBLIC.
#[derive(Debug, Deserialize)]
pub(super) struct Writer {
    pub(super) relation: String,
    pub(super) role: Option<String>,
    pub(super) privileges: Vec<String>,
    /// It may have granted them to others.
    pub(super) is_grantable: bool,
    /// Roles other than the owner that granted them.
    pub(super) grantors: Vec<String>,
}

/// A role that may set `session_replication_role`; without a name it is PUBLIC.
#[derive(Debug, Deserialize)]
pub(super) struct Silencer {
    pub(super) role: Option<String>,
    pub(super) grantor: Option<String>,
    pub(super) is_grantable: bool,
    /// A superuser granted it.
    pub(super) is_of_owner: bool,
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

    /// The role that checks may change the tables of the trail.
    pub(super) fn may_alter(&self) -> bool {
        self.may_alter == Some(true)
    }
}

/// Reads it all.
pub(super) async fn read(trail: &AuditTrail) -> Result<Snapshot, HealthError> {
    let mut transaction = pool::begin(&trail.pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let mut settings = pool::PIN_SEARCH_PATH.to_owned();
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
        .bind(&KEY_TYPES[..])
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
    let (functions, definitions) = functions(&mut state, &known, &trail.schema);
    trail.functions.set(definitions);
    let mut relations: Vec<Relation> = relations.into_iter().map(Relation::from).collect();
    let trails = own::trails(&relations, &trail.schema);
    relations.iter_mut().for_each(|relation| own::set_apart(relation, &functions, &trails, &trail.schema));
    Ok(Snapshot { relations, functions, trail: state, trails })
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
fn functions(
    trail: &mut Trail,
    known: &Definitions,
    storage: &StorageSchema,
) -> (HashMap<i64, Function>, Definitions) {
    let mut functions = HashMap::with_capacity(trail.oids.len());
    let mut definitions = Definitions::with_capacity(trail.oids.len());
    for (at, oid) in trail.oids.iter().enumerate() {
        let (comment, body) = (trail.comments[at].take(), trail.bodies[at].take());
        let definition = match trail.digests[at].take() {
            Some(digest) => {
                let policy = comment.and_then(|comment| serde_json::from_str(&comment).ok());
                let legacy = body.and_then(|body| legacy::redaction(&body, storage));
                Arc::new(Definition { digest, policy, legacy })
            }
            None => known.get(oid).map(|(_, definition)| definition.clone()).unwrap_or_default(),
        };
        definitions.insert(*oid, (std::mem::take(&mut trail.versions[at]), definition.clone()));
        let schema = std::mem::take(&mut trail.function_schemas[at]);
        let name = std::mem::take(&mut trail.names[at]);
        let function = Function {
            schema,
            name,
            definition,
            is_sealed: trail.sealed[at],
            owner: std::mem::take(&mut trail.function_owners[at]),
            may_replace: trail.replaceable[at],
            can_record: trail.recording[at],
        };
        functions.insert(*oid, function);
    }
    (functions, definitions)
}
