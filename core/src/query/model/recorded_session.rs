//! The database session of a transaction without an actor.

use std::fmt;

use serde::Deserialize;

use super::transaction_record::TransactionRecord;

/// The database session of a transaction without an actor, as the trail records it in `meta`. Displayed, it is a list of the
/// parts that are known, with the role first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RecordedSession {
    /// The role of the session, from `SET ROLE` or from its login.
    pub role: String,
    /// The setting `application_name` of the session, if the client set it.
    #[serde(default)]
    pub application_name: Option<String>,
    /// The IP address of the client; `None` for a connection through a Unix socket.
    #[serde(default)]
    pub client_address: Option<String>,
}

impl TransactionRecord {
    /// Returns the database session. It is recorded only for a transaction without an actor, and only if the capture policy
    /// says so.
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
