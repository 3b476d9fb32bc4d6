//! A role of an application. Roles belong to the whole server: the name is new, and the role goes with the test.

use sqlx::{Connection, PgConnection, PgPool};

use crate::database::{Result, run};

#[derive(Debug)]
pub struct Role {
    pub name: String,
    pool: PgPool,
}

impl Role {
    /// A role that may do nothing but what PUBLIC may.
    pub async fn create(pool: &PgPool) -> Result<Self> {
        let name = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
        run(pool, &format!("CREATE ROLE {name}")).await?;
        Ok(Self { name, pool: pool.clone() })
    }

    /// Runs statements of the owner of the database, `$role` being this role's name.
    pub async fn prepare(&self, sql: &str) -> Result {
        run(&self.pool, &sql.replace("$role", &self.name)).await
    }

    /// A connection of this role's.
    pub async fn connect(&self) -> Result<PgConnection> {
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        run(&mut connection, &format!("SET SESSION AUTHORIZATION {}", self.name)).await?;
        Ok(connection)
    }

    /// Removes what the role owns, and the role.
    pub async fn drop(self) -> Result {
        run(&self.pool, &format!("DROP OWNED BY {0} CASCADE; DROP ROLE {0}", self.name)).await
    }
}
