//! Who wrote without saying so: the session of a transaction that has no actor.

use std::fmt;

use serde::Deserialize;

use crate::query::TransactionRecord;

/// The database session of a transaction without an actor, as the trail keeps it in `meta`. Displays its known parts, with the
/// role first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedSession {
    /// The role that the session had, by `SET ROLE` or by its login.
    pub role: String,
    /// What the client called itself; none or empty where it did not.
    #[serde(default)]
    pub application_name: Option<String>,
    /// The client's address; none for a connection through a socket of the same machine.
    #[serde(default)]
    pub client_address: Option<String>,
}

impl TransactionRecord {
    /// The session of a transaction without an actor; none where there is an actor, or where the session was not recorded.
    #[must_use]
    pub fn session(&self) -> Option<RecordedSession> {
        if self.actor.is_some() {
            return None;
        }
        let metadata = serde_json::to_value(self.metadata.as_ref()?).ok()?;
        RecordedSession::deserialize(metadata.get("session")?).ok()
    }
}

impl fmt::Display for RecordedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "role {}", self.role)?;
        let more = [&self.application_name, &self.client_address];
        more.into_iter().flatten().filter(|part| !part.is_empty()).try_for_each(|part| write!(f, ", {part}"))
    }
}
