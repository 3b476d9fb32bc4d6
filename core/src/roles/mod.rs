//! Creates group roles with the least privileges for writing, reading and maintaining a trail.
//!
//! Group roles are not meant for logging in: the login roles of an installation become members of them.

mod error;
mod names;
mod privileges;

use sqlx::{AssertSqlSafe, FromRow, PgConnection};

pub use self::error::RoleError;
use self::names::GroupRole;
pub use self::names::{RoleNames, RolePrefixError};
pub use self::privileges::RoleGrant;
use self::privileges::{PRIVILEGES, grants, qualified};
use crate::migrate::advisory_lock;
use crate::{AuditTrail, Installation, StorageSchema, pool};

/// A group role, as [`AuditTrail::create_roles`] created it or found it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrailRole {
    /// The name of the role.
    pub name: String,
    /// The purpose of the role, as the end of a sentence: `for audited writes`.
    pub purpose: &'static str,
    /// True if the role did not exist before.
    pub is_new: bool,
    /// Every privilege that the role has on objects of the trail.
    pub grants: Vec<RoleGrant>,
}

/// A privilege that a role has, or should have, on an object of the trail.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
struct Privilege {
    role: String,
    object_type: String,
    object: String,
    privilege: String,
    /// True if the role may grant the privilege to others, which none should.
    is_grantable: bool,
}

impl Privilege {
    /// Returns the end of a GRANT or REVOKE statement.
    fn on_object(&self, schema: &StorageSchema) -> String {
        format!("{} ON {} {}", self.privilege, self.object_type, qualified(schema, &self.object))
    }
}

impl AuditTrail {
    /// Creates three group roles that cannot log in, each with the least privileges for its purpose. If they exist, it brings
    /// their privileges on the trail up to date: missing ones are granted, and all others revoked. Repeating it changes nothing.
    /// Call it again after an update of the library.
    ///
    /// - The role for applications can do audited writes. It can neither read nor change what was recorded.
    /// - The role for the console can run every query and check, and record coverage gaps. It can change nothing that was
    ///   captured.
    /// - The role for maintenance can [create partitions](Self::ensure_partitions), check coverage and record coverage gaps. It
    ///   can read no change.
    ///
    /// The role that calls this needs the privilege `CREATEROLE`, unless the roles exist, and must own the trail. It cannot
    /// revoke a privilege that another role granted: that is an error. Login roles then become members:
    /// `GRANT threadline_console TO my_login_role`.
    ///
    /// ```no_run
    /// # async fn install(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// trail.install().await?;
    /// for role in trail.create_roles(&threadline::RoleNames::default()).await? {
    ///     for grant in &role.grants {
    ///         println!("{}: {grant}", role.name);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RoleError::NotCurrent`] if the schema holds no trail of this version. [`RoleError::MissingCreateRole`],
    /// [`RoleError::NotGroup`], [`RoleError::MissingOwnership`], [`RoleError::OtherGrantor`] and [`RoleError::Database`]. Nothing
    /// is changed in each case.
    pub async fn create_roles(&self, names: &RoleNames) -> Result<Vec<TrailRole>, RoleError> {
        let schema = &self.schema;
        let failed = |source| RoleError::database(schema, source);
        let mut transaction = pool::begin_ddl(&self.pool, self.lock_timeout).await.map_err(failed)?;
        // An installation in another session must not add objects meanwhile.
        sqlx::query("SELECT pg_advisory_xact_lock($1)")
            .bind(advisory_lock(schema))
            .persistent(false)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if Installation::read(&mut transaction, schema).await.map_err(failed)? != Installation::Current {
            return Err(RoleError::NotCurrent { schema: schema.clone() });
        }
        let roles = names_of_all(names);
        let missing = create_missing(&mut transaction, schema, &roles).await?;
        // Revoking a privilege on a table also revokes that on each column, so a second pass may have to grant one again.
        for _pass in 0..2 {
            for statement in statements(&held(&mut transaction, schema, &roles).await?, names, schema) {
                sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await.map_err(failed)?;
            }
        }
        // A role cannot revoke what another role granted, and PostgreSQL reports that as success.
        let rest = statements(&held(&mut transaction, schema, &roles).await?, names, schema);
        if let Some(statement) = rest.into_iter().next() {
            return Err(RoleError::OtherGrantor { statement });
        }
        transaction.commit().await.map_err(failed)?;
        let created = |role: GroupRole| {
            let name = names.of(role);
            TrailRole {
                is_new: missing.contains(&name),
                name,
                purpose: role.purpose(),
                grants: grants(role, schema),
            }
        };
        Ok(GroupRole::ALL.map(created).into())
    }
}

fn names_of_all(names: &RoleNames) -> Vec<String> {
    GroupRole::ALL.map(|role| names.of(role)).into()
}

/// Creates the roles that do not exist, and returns their names, which [`RoleNames`] has validated. Refuses roles with rights of
/// their own.
async fn create_missing(
    connection: &mut PgConnection,
    schema: &StorageSchema,
    roles: &[String],
) -> Result<Vec<String>, RoleError> {
    let failed = |source| RoleError::database(schema, source);
    let existing: Vec<(String, bool)> = sqlx::query_as(
        "SELECT r.rolname::text,
                r.rolcanlogin OR r.rolsuper OR EXISTS (
                  SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                  WHERE n.nspname = $2 AND c.relname = 'audit_changes' AND pg_has_role(r.oid, c.relowner, 'MEMBER'))
         FROM pg_roles AS r WHERE r.rolname = ANY ($1)",
    )
    .bind(roles)
    .bind(schema.name())
    .persistent(false)
    .fetch_all(&mut *connection)
    .await
    .map_err(failed)?;
    if let Some((role, _)) = existing.iter().find(|(_, has_rights)| *has_rights) {
        return Err(RoleError::NotGroup { role: role.clone() });
    }
    let is_missing = |role: &&String| existing.iter().all(|(name, _)| name != *role);
    let missing: Vec<String> = roles.iter().filter(is_missing).cloned().collect();
    if missing.is_empty() {
        return Ok(missing);
    }
    let may_create = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user";
    let may_create = sqlx::query_scalar(may_create).persistent(false).fetch_one(&mut *connection).await;
    if !may_create.map_err(failed)? {
        return Err(RoleError::MissingCreateRole { roles: missing });
    }
    for role in &missing {
        // Another database of the server may be creating the role at this moment.
        let sql = format!(
            "DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.map_err(failed)?;
    }
    Ok(missing)
}

/// Reads the privileges that the roles have on objects of the trail.
async fn held(
    connection: &mut PgConnection,
    schema: &StorageSchema,
    roles: &[String],
) -> Result<Vec<Privilege>, RoleError> {
    sqlx::query_as(include_str!("privileges.sql"))
        .bind(schema.name())
        .bind(roles)
        .persistent(false)
        .fetch_all(connection)
        .await
        .map_err(|source| RoleError::database(schema, source))
}

/// Returns the statements that turn the privileges that the roles have into those of the table.
fn statements(held: &[Privilege], names: &RoleNames, schema: &StorageSchema) -> Vec<String> {
    let wanted: Vec<Privilege> = PRIVILEGES
        .iter()
        .flat_map(|&(role, object_type, object, privileges)| {
            privileges.iter().map(move |privilege| Privilege {
                role: names.of(role),
                object_type: object_type.as_str().to_owned(),
                object: object.to_owned(),
                privilege: (*privilege).to_owned(),
                is_grantable: false,
            })
        })
        .collect();
    let surplus = held.iter().filter(|privilege| !wanted.contains(privilege));
    let revoke = surplus.map(|one| format!("REVOKE {} FROM {} CASCADE", one.on_object(schema), one.role));
    let missing = wanted.iter().filter(|privilege| !held.contains(privilege));
    let grant = missing.map(|one| format!("GRANT {} TO {}", one.on_object(schema), one.role));
    revoke.chain(grant).collect()
}
