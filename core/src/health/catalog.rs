//! Reads tables, triggers and the state of the trail from the catalogue, in one snapshot.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, FromRow, PgConnection};

use super::function_cache::{Definition, Definitions};
use super::relation::{Relation, RelationRow};
use super::{CAPTURE_FUNCTION_PREFIX, HealthError, legacy, trail_tables};
use crate::capture::{KEY_TYPES, TRIGGER_PREFIX};
use crate::{AuditTrail, StorageSchema, pool};

/// The state of the catalogue at one moment.
#[derive(Debug)]
pub(super) struct CatalogSnapshot {
    pub(super) relations: Vec<Relation>,
    pub(super) functions: HashMap<i64, Function>,
    pub(super) trail: Trail,
    /// The schemas that hold a trail, whether of this library or of the Elixir library.
    pub(super) trail_schemas: HashSet<String>,
}

/// A function that a trigger calls.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) definition: Arc<Definition>,
    /// It is a SECURITY DEFINER with a search path of its own.
    pub(super) has_pinned_search_path: bool,
    pub(super) owner: String,
    /// The checking role may replace it.
    pub(super) may_replace: bool,
    /// Its owner may write to the trail; true if it runs with the privileges of its caller.
    pub(super) can_record: bool,
}

impl Function {
    /// Returns whether body and settings are those that were generated with the policy.
    pub(super) fn is_intact(&self) -> bool {
        let Definition { policy, digest, .. } = &*self.definition;
        self.has_pinned_search_path && policy.as_ref().is_some_and(|policy| policy.digest == *digest)
    }
}

/// The row of `trail.sql`: the trail's own tables, and the roles that can change them or bypass capture.
#[derive(Debug, FromRow)]
pub(super) struct Trail {
    pub(super) checked_at: DateTime<Utc>,
    /// The checking role is a superuser.
    pub(super) role_is_superuser: bool,
    is_installed: bool,
    /// This library created the trail, so it can capture tables for it.
    pub(super) can_capture: bool,
    /// The checking role may execute the function that creates partitions.
    pub(super) may_create_partitions: bool,
    /// The checking role may create a capture function.
    pub(super) may_create: bool,
    /// The types whose values have exactly one text, so they may be part of a key.
    pub(super) stable_types: Vec<i64>,
    pub(super) schemas: Vec<String>,
    oids: Vec<i64>,
    function_schemas: Vec<String>,
    names: Vec<String>,
    versions: Vec<String>,
    digests: Vec<Option<String>>,
    comments: Vec<Option<String>>,
    bodies: Vec<Option<String>>,
    pinned_search_paths: Vec<bool>,
    function_owners: Vec<String>,
    replaceable: Vec<bool>,
    recording: Vec<bool>,
    pub(super) is_partitioned: bool,
    pub(super) partitions: Vec<String>,
    pub(super) filled_defaults: Vec<String>,
    /// The names of the trail's indexes that queries can use. An index of a partitioned table is valid if each partition has it.
    pub(super) valid_indexes: Vec<String>,
    pub(super) invalid_indexes: Vec<String>,
    pub(super) owner: Option<String>,
    owner_is_superuser: Option<bool>,
    owner_can_log_in: Option<bool>,
    /// The checking role has the privileges of the owner.
    may_alter: Option<bool>,
    /// The roles that can change the tables of the trail.
    pub(super) writers: Json<Vec<Writer>>,
    pub(super) disabled_by_setting: Json<Vec<RoleSetting>>,
    /// The roles that can disable triggers for their session.
    pub(super) can_disable_triggers: Json<Vec<ParameterGrant>>,
}

/// A role with privileges to change a table of the trail.
#[derive(Debug, Deserialize)]
pub(super) struct Writer {
    pub(super) relation: String,
    /// The name of the role; `None` is PUBLIC.
    pub(super) role: Option<String>,
    pub(super) privileges: Vec<String>,
    /// The role may have granted the privileges to others.
    pub(super) is_grantable: bool,
    /// The roles other than the owner that granted the privileges.
    pub(super) grantors: Vec<String>,
}

/// A grant of the privilege to set `session_replication_role`.
#[derive(Debug, Deserialize)]
pub(super) struct ParameterGrant {
    /// The name of the role; `None` is PUBLIC.
    pub(super) role: Option<String>,
    pub(super) grantor: Option<String>,
    pub(super) is_grantable: bool,
    /// The bootstrap superuser granted it.
    pub(super) is_granted_by_superuser: bool,
}

/// A setting of a role or a database that starts sessions with triggers disabled.
#[derive(Debug, Deserialize)]
pub(super) struct RoleSetting {
    pub(super) role: Option<String>,
    pub(super) database: Option<String>,
}

impl Trail {
    /// Returns whether somebody with the owner's password could change the trail.
    pub(super) fn owner_is_exposed(&self) -> bool {
        self.owner_is_superuser == Some(false) && self.owner_can_log_in == Some(true)
    }

    /// Returns whether the checking role may alter the tables of the trail.
    pub(super) fn may_alter(&self) -> bool {
        self.may_alter == Some(true)
    }
}

/// Reads the catalogue in one read-only transaction.
pub(super) async fn read(trail: &AuditTrail) -> Result<CatalogSnapshot, HealthError> {
    let _permit = trail.read_permit().await.map_err(|_| sqlx::Error::PoolTimedOut)?;
    let mut transaction = pool::begin(&trail.pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let mut settings = pool::PIN_SEARCH_PATH.to_owned();
    settings += "; ";
    settings += &pool::set_read_timeouts(trail.statement_timeout);
    if trail.prepared {
        // Planning these joins takes longer than running some of them, so one generic plan is reused.
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
        .bind(TRIGGER_PREFIX)
        .bind(CAPTURE_FUNCTION_PREFIX)
        .persistent(trail.prepared)
        .fetch_one(&mut *transaction)
        .await?;
    if !state.is_installed {
        return Err(HealthError::NotInstalled { schema: trail.schema.clone() });
    }
    let relations: Vec<RelationRow> = sqlx::query_as(include_str!("tables.sql"))
        .bind(TRIGGER_PREFIX)
        .bind(CAPTURE_FUNCTION_PREFIX)
        .persistent(trail.prepared)
        .fetch_all(&mut *transaction)
        .await?;
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
    let trail_schemas = trail_tables::trail_schemas(&relations, &trail.schema);
    for relation in &mut relations {
        trail_tables::separate_other_trails(relation, &functions, &trail_schemas, &trail.schema);
    }
    Ok(CatalogSnapshot { relations, functions, trail: state, trail_schemas })
}

/// Returns whether a default partition holds rows. Only called for one whose file is not empty.
async fn has_rows(
    connection: &mut PgConnection,
    trail: &AuditTrail,
    partition: &str,
) -> Result<bool, sqlx::Error> {
    let sql = trail.schema.fill(&format!("SELECT EXISTS (SELECT FROM __schema__.{partition})"));
    sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false).fetch_one(connection).await
}

/// Combines what was read with the cached definitions of unchanged functions, and returns both for this and for the next check.
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
            has_pinned_search_path: trail.pinned_search_paths[at],
            owner: std::mem::take(&mut trail.function_owners[at]),
            may_replace: trail.replaceable[at],
            can_record: trail.recording[at],
        };
        functions.insert(*oid, function);
    }
    (functions, definitions)
}
