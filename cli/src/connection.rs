//! Which database, and how to get there.

use std::time::Duration;

use clap::Args;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection as _, PgPool};
use threadline::{AuditTrail, StorageSchema};

use crate::failure::Failure;

/// How long the server may take to let us in.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the help shows these options under.
const HEADING: &str = "Database";

#[derive(Debug, Args)]
pub(crate) struct Connection {
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
    /// The schema that holds the audit trail [default: that of threadline.toml, else threadline].
    #[arg(
        long,
        global = true,
        help_heading = HEADING,
        value_name = "NAME",
        value_parser = StorageSchema::new
    )]
    storage_schema: Option<StorageSchema>,
}

impl Connection {
    /// The trail in the schema that the command line names, else in the configured one; and the pool that it works on, to be
    /// closed in the end.
    pub(crate) async fn trail(
        &self,
        configured: Option<&StorageSchema>,
    ) -> Result<(AuditTrail, PgPool), Failure> {
        let url = self.database_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        let options: PgConnectOptions =
            url.ok_or(Failure::NoDatabase)?.parse().map_err(Failure::DatabaseUrl)?;
        // A pooler in transaction mode knows neither this setting, which sqlx would ask for at the start of a session and
        // nothing here needs, nor the names of statements that another connection prepared.
        let options = options.extra_float_digits(None).statement_cache_capacity(0);
        let options = options.application_name("threadline");
        greet(&options).await?;
        let pool =
            PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_lazy_with(options);
        let schema = self.storage_schema.as_ref().or(configured).cloned().unwrap_or_default();
        Ok((AuditTrail::new(pool.clone()).with_storage_schema(schema), pool))
    }
}

/// A pool tries again and again and then says that it is tired; one plain attempt says at once what is wrong.
async fn greet(options: &PgConnectOptions) -> Result<(), Failure> {
    let attempt = tokio::time::timeout(PATIENCE, options.connect()).await;
    let connection = attempt
        .map_err(|_| Failure::TooSlow { seconds: PATIENCE.as_secs() })?
        .map_err(Failure::Unreachable)?;
    connection.close().await.map_err(Failure::Unreachable)
}
