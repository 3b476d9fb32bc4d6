//! Creates roles, such as the role of an application. Roles are shared by all databases of a server, so each has a unique name.

use sqlx::{Connection, PgConnection, PgPool};

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

    /// Drops the objects of the role, and the role.
    pub async fn drop(self) -> Result {
        run(&self.pool, &format!("DROP OWNED BY {0} CASCADE; DROP ROLE {0}", self.name)).await
    }
}
