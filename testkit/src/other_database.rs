//! Creates another database on the server of the tests.

use sqlx::{Connection, PgConnection, PgPool};

use crate::database::{Result, run};

/// A database besides the one of the test. The test has to drop it.
#[derive(Debug)]
pub struct OtherDatabase {
    /// A pool that connects to the database.
    pub pool: PgPool,
    /// The name of the database.
    pub name: String,
    maintenance: PgPool,
}

impl OtherDatabase {
    /// Creates an empty database with this encoding.
    pub async fn create(maintenance: &PgPool, encoding: &str) -> Result<Self> {
        let name = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
        let mut connection = PgConnection::connect_with(&maintenance.connect_options()).await?;
        let sql = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
        );
        run(&mut connection, &sql).await?;
        connection.close().await?;
        let options = (*maintenance.connect_options()).clone().database(&name);
        Ok(Self { pool: PgPool::connect_with(options).await?, name, maintenance: maintenance.clone() })
    }

    /// Closes the pool and drops the database.
    pub async fn drop(self) -> Result {
        self.pool.close().await;
        run(&self.maintenance, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await
    }
}
