//! What every command has: the database, the configuration, the form of the answer.

use std::sync::OnceLock;
use std::time::Duration;

use sqlx::PgPool;
use threadline::{AuditTrail, Config, Installation};

use crate::connection::Connection;
use crate::failure::Failure;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) connection: Connection,
    pub(crate) config: Config,
    /// Answer with a JSON document.
    pub(crate) json: bool,
    /// What the command has opened.
    pool: OnceLock<PgPool>,
}

/// The longest time that saying goodbye to the database may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

impl Session {
    pub(crate) const fn new(connection: Connection, config: Config, json: bool) -> Self {
        Self { connection, config, json, pool: OnceLock::new() }
    }

    /// Ends transactions and connections as the server expects it. A process that just ends leaves a line about a lost client
    /// in the server's log, and costs a pooler its connection.
    pub(crate) async fn close(&self) {
        let Some(pool) = self.pool.get().filter(|pool| pool.size() > 0) else { return };
        // The only connection is handed out again once its transaction has been rolled back.
        let closed = async { pool.acquire().await?.close().await };
        let _late = tokio::time::timeout(CLOSE_TIMEOUT, closed).await;
    }

    /// The trail, for commands that read it: it is there, and this version knows what it holds.
    pub(crate) async fn trail(&self) -> Result<AuditTrail, Failure> {
        let trail = self.unchecked_trail().await?;
        let schema = || trail.storage_schema().clone();
        match trail.installation().await.map_err(Failure::Installation)? {
            Installation::Missing => Err(Failure::NotInstalled(schema())),
            Installation::Outdated => Err(Failure::Outdated(schema())),
            Installation::Newer => Err(Failure::Newer(schema())),
            // What the Elixir library recorded can be read.
            _ => Ok(trail),
        }
    }

    /// The trail, for commands of the library that check it themselves.
    pub(crate) async fn unchecked_trail(&self) -> Result<AuditTrail, Failure> {
        let (trail, pool) = self.connection.trail(self.config.storage_schema.as_ref()).await?;
        self.pool.get_or_init(|| pool);
        Ok(trail)
    }
}
