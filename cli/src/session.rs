//! What every command has: the database, the configuration, the form of the answer.

use threadline::{AuditTrail, Config};

use crate::connection::Connection;
use crate::failure::Failure;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) connection: Connection,
    pub(crate) config: Config,
    /// Answer with a JSON document.
    pub(crate) json: bool,
}

impl Session {
    pub(crate) async fn trail(&self) -> Result<AuditTrail, Failure> {
        self.connection.trail(self.config.storage_schema.as_ref()).await
    }
}
