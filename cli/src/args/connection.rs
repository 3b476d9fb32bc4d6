//! Options for the database connection.

use std::time::Duration;

use clap::Args;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection as _, PgPool};
use threadline::{AuditTrail, StorageSchema};

use crate::error::Error;

/// The time within which the server must accept the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The heading of these options in the help.
const HEADING: &str = "Database";

/// The database and the storage schema.
#[derive(Debug, Args)]
pub(crate) struct ConnectionArgs {
    #[arg(
        long,
        global = true,
        help_heading = HEADING,
        value_name = "URL",
        env = "DATABASE_URL",
        hide_env_values = true,
        help = "The database, as postgres://user:password@host/database"
    )]
    database_url: Option<String>,
    /// The schema that holds the audit trail [default: that of threadline.toml, otherwise threadline].
    #[arg(
        long,
        global = true,
        help_heading = HEADING,
        value_name = "NAME",
        value_parser = StorageSchema::new
    )]
    storage_schema: Option<StorageSchema>,
}

impl ConnectionArgs {
    /// Returns the storage schema of the command line, otherwise the configured one, otherwise the default.
    pub(crate) fn storage_schema(&self, configured: Option<&StorageSchema>) -> StorageSchema {
        self.storage_schema.as_ref().or(configured).cloned().unwrap_or_default()
    }

    /// Connects to the database. Returns the trail with its pool, which the caller has to close.
    pub(crate) async fn connect(
        &self,
        configured: Option<&StorageSchema>,
    ) -> Result<(AuditTrail, PgPool), Error> {
        let url = self.database_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        let options: PgConnectOptions = url.ok_or(Error::NoDatabase)?.parse().map_err(Error::DatabaseUrl)?;
        // A pooler in transaction mode supports neither this startup parameter, which sqlx would set and nothing here needs,
        // nor statements that another connection has prepared.
        let options = options.extra_float_digits(None).statement_cache_capacity(0);
        let options = options.application_name("threadline");
        check_connection(&options).await?;
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(CONNECT_TIMEOUT)
            .connect_lazy_with(options);
        let trail = AuditTrail::new(pool.clone()).storage_schema(self.storage_schema(configured));
        Ok((trail, pool))
    }
}

/// Connects once without the pool. A pool retries until its timeout and then hides the cause; one attempt reports it at once.
async fn check_connection(options: &PgConnectOptions) -> Result<(), Error> {
    let attempt = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
    let connection = attempt
        .map_err(|_| Error::ConnectTimeout { seconds: CONNECT_TIMEOUT.as_secs() })?
        .map_err(Error::Unreachable)?;
    connection.close().await.map_err(Error::Unreachable)
}
