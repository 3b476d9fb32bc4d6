//! Creates roles, such as the role of an application. Roles are shared by all databases of a server, so each has a unique name.

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use threadline::{AuditTrail, RoleNames};

use crate::database::{Result, run};

/// A role of the server. The test has to drop it.
#[derive(Debug)]
pub struct Role {
    /// The name of the role.
    pub name: String,
    pool: PgPool,
}

impl Role {
    /// Creates a role that has only the privileges of `PUBLIC`.
    pub async fn create(pool: &PgPool) -> Result<Self> {
        let name = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
        run(pool, &format!("CREATE ROLE {name}")).await?;
        Ok(Self { name, pool: pool.clone() })
    }

    /// Runs statements as the owner of the database. `$role` is replaced by the name of the role.
    pub async fn run_as_owner(&self, sql: &str) -> Result {
        run(&self.pool, &sql.replace("$role", &self.name)).await
    }

    /// Opens a connection as this role.
    pub async fn connect(&self) -> Result<PgConnection> {
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        run(&mut connection, &format!("SET SESSION AUTHORIZATION {}", self.name)).await?;
        Ok(connection)
    }

    /// Opens a pool whose sessions are of this role.
    pub async fn pool(&self) -> Result<PgPool> {
        let become_role = format!("SET SESSION AUTHORIZATION {}", self.name);
        let options = PgPoolOptions::new().after_connect(move |connection, _| {
            let become_role = become_role.clone();
            Box::pin(
                async move { sqlx::raw_sql(AssertSqlSafe(become_role)).execute(connection).await.map(drop) },
            )
        });
        Ok(options.connect_with((*self.pool.connect_options()).clone()).await?)
    }

    /// Drops the objects of the role, and the role.
    pub async fn drop(self) -> Result {
        run(&self.pool, &format!("DROP OWNED BY {0} CASCADE; DROP ROLE {0}", self.name)).await
    }
}

/// The group roles of a trail, under names that no other test uses. The test has to drop them.
#[derive(Debug)]
pub struct GroupRoles {
    /// The names of the roles.
    pub names: RoleNames,
    pool: PgPool,
}

impl GroupRoles {
    /// Returns names for roles that do not exist yet.
    pub fn unused(pool: &PgPool) -> Result<Self> {
        let prefix = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
        Ok(Self { names: RoleNames::new(&prefix)?, pool: pool.clone() })
    }

    /// Creates the group roles of a trail.
    pub async fn create(trail: &AuditTrail, pool: &PgPool) -> Result<Self> {
        let roles = Self::unused(pool)?;
        trail.create_roles(&roles.names).await?;
        Ok(roles)
    }

    /// Creates a member of one of the roles, as the login role of an installation is one.
    pub async fn member(&self, role: &str) -> Result<Role> {
        let member = Role::create(&self.pool).await?;
        member.run_as_owner(&format!("GRANT {role} TO $role")).await?;
        Ok(member)
    }

    /// Drops those of the roles that exist, with their privileges.
    pub async fn drop(self) -> Result {
        for role in [self.names.application(), self.names.console(), self.names.maintenance()] {
            let sql = format!(
                "DO $$ BEGIN
                   IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                     DROP OWNED BY {role}; DROP ROLE {role};
                   END IF;
                 END $$"
            );
            run(&self.pool, &sql).await?;
        }
        Ok(())
    }
}
