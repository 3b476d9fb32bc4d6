//! The state that every command shares: the connection, the configuration and the output format.

use std::sync::OnceLock;
use std::time::Duration;

use sqlx::PgPool;
use threadline::{AuditTrail, Config, Installation, StorageSchema};

use crate::args::ConnectionArgs;
use crate::error::Error;

#[derive(Debug)]
pub(crate) struct Session {
    connection: ConnectionArgs,
    pub(crate) config: Config,
    /// Print a JSON document.
    pub(crate) json: bool,
    /// The pool that the command has opened.
    pool: OnceLock<PgPool>,
}

/// The maximum time for closing the connection.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

impl Session {
    pub(crate) const fn new(connection: ConnectionArgs, config: Config, json: bool) -> Self {
        Self { connection, config, json, pool: OnceLock::new() }
    }

    /// Closes the connection properly. A process that just exits leaves a line about a lost client in the server's log, and costs
    /// a pooler its server connection.
    pub(crate) async fn close(&self) {
        let Some(pool) = self.pool.get().filter(|pool| pool.size() > 0) else { return };
        // The pool hands out its only connection once the last transaction has been rolled back.
        let closed = async { pool.acquire().await?.close().await };
        let _late = tokio::time::timeout(CLOSE_TIMEOUT, closed).await;
    }

    /// Returns the storage schema of the command line or the configuration.
    pub(crate) fn storage_schema(&self) -> StorageSchema {
        self.connection.storage_schema(self.config.storage_schema.as_ref())
    }

    /// Returns the trail for commands that read it, after checking that it exists and that this version can read it.
    pub(crate) async fn trail(&self) -> Result<AuditTrail, Error> {
        let trail = self.unchecked_trail().await?;
        let schema = || trail.schema().clone();
        match trail.installation().await.map_err(Error::Installation)? {
            Installation::Missing => Err(Error::NotInstalled(schema())),
            Installation::Outdated => Err(Error::Outdated(schema())),
            Installation::Newer => Err(Error::Newer(schema())),
            // A trail of the Elixir library can be read.
            _ => Ok(trail),
        }
    }

    /// Returns the trail without a check, for commands whose library call checks it.
    pub(crate) async fn unchecked_trail(&self) -> Result<AuditTrail, Error> {
        let (trail, pool) = self.connection.connect(self.config.storage_schema.as_ref()).await?;
        self.pool.get_or_init(|| pool);
        Ok(trail)
    }
}
