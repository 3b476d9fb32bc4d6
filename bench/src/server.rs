//! The PostgreSQL server that everything is measured on.

use std::env;

use anyhow::{Context, Result};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, PgPool};

/// The server of `DATABASE_URL`. Its role has to be a superuser.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    options: PgConnectOptions,
}

impl Server {
    pub(crate) fn from_env() -> Result<Self> {
        let url = env::var("DATABASE_URL")
            .context("set DATABASE_URL, or run `cargo xtask bench`, which starts a server")?;
        let options: PgConnectOptions =
            url.parse().context("DATABASE_URL is no URL of a PostgreSQL server")?;
        Ok(Self::new(options))
    }

    /// Returns the server that these options connect to.
    pub(crate) fn new(options: PgConnectOptions) -> Self {
        Self { options: options.disable_statement_logging() }
    }

    /// Returns the options of a connection to a database.
    pub(crate) fn options(&self, database: &str) -> PgConnectOptions {
        self.options.clone().database(database)
    }

    pub(crate) async fn connect(&self, database: &str) -> Result<PgConnection> {
        self.options(database)
            .connect()
            .await
            .with_context(|| format!("cannot connect to the database {database}"))
    }

    /// Returns a pool of one connection.
    pub(crate) fn pool(&self, database: &str) -> PgPool {
        pool(self.options(database))
    }

    /// Creates an empty database, and drops an older one of that name.
    pub(crate) async fn create_database(&self, name: &str) -> Result<()> {
        self.drop_database(name).await?;
        run_script(&mut self.connect("postgres").await?, format!("CREATE DATABASE {name}")).await
    }

    /// Drops a database, if it exists, together with the sessions that are connected to it.
    pub(crate) async fn drop_database(&self, name: &str) -> Result<()> {
        let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        run_script(&mut self.connect("postgres").await?, sql).await
    }
}

/// Returns a pool of one connection, which is not tested when it is taken out: that would be a round trip of its own.
pub(crate) fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(1).test_before_acquire(false).connect_lazy_with(options)
}

/// Runs one or several statements without parameters.
pub(crate) async fn run_script(connection: &mut PgConnection, sql: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// Returns the CPU time that the server process of this session has used so far, in milliseconds. Unlike wall time, it does
/// not grow when other programs keep the machine busy. Returns NaN where the server does not run on Linux.
pub(crate) async fn cpu_time(connection: &mut PgConnection) -> Result<f64> {
    let sql = "SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 100, true), ' ', 1)::bigint";
    let nanoseconds: Option<i64> = sqlx::query_scalar(sql).fetch_one(connection).await?;
    Ok(nanoseconds.map_or(f64::NAN, |nanoseconds| nanoseconds as f64 / 1e6))
}

/// Returns the number of bytes of each table and each index of a trail, with those of all partitions added up.
pub(crate) async fn relation_sizes(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<Vec<(String, i64)>> {
    let sql = include_str!("relation_sizes.sql");
    Ok(sqlx::query_as(sql).bind(schema).fetch_all(connection).await?)
}
