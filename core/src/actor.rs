//! Who did something.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kinds of actor; the set is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ActorKind {
    /// A person using the application.
    User,
    /// A person with administrative rights.
    Admin,
    /// A program that acts under its own name.
    ServiceAccount,
    /// A background job.
    Job,
    /// The application itself.
    System,
    /// Nobody who could be named; has no id.
    Anonymous,
}

impl ActorKind {
    /// Every kind, in the order in which they are offered to a reader.
    pub const ALL: [Self; 6] =
        [Self::User, Self::Admin, Self::ServiceAccount, Self::Job, Self::System, Self::Anonymous];

    /// The name that is stored and shown.
    ///
    /// ```
    /// assert_eq!(threadline::ActorKind::ServiceAccount.as_str(), "service_account");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::ServiceAccount => "service_account",
            Self::Job => "job",
            Self::System => "system",
            Self::Anonymous => "anonymous",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A reference to an actor: its kind and, unless anonymous, its id in the host application.
///
/// Serialised as `{"type":"user","id":"42"}`, and `{"type":"anonymous"}` without an id.
///
/// ```
/// use threadline::{ActorKind, ActorRef};
///
/// let actor = ActorRef::new(ActorKind::User, "42")?;
/// assert_eq!(actor.to_string(), "user:42");
/// assert_eq!(ActorRef::anonymous().to_string(), "anonymous");
/// # Ok::<(), threadline::ActorError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredActor", into = "StoredActor")]
pub struct ActorRef {
    kind: ActorKind,
    id: Option<String>,
}

impl ActorRef {
    /// An actor of this kind with this id. For [`ActorKind::Anonymous`] the id is dropped.
    ///
    /// # Errors
    /// [`ActorError::MissingId`] when the id is empty and the kind needs one.
    pub fn new(kind: ActorKind, id: impl Into<String>) -> Result<Self, ActorError> {
        let id = id.into();
        match kind {
            ActorKind::Anonymous => Ok(Self::anonymous()),
            _ if id.is_empty() => Err(ActorError::MissingId { kind }),
            _ => Ok(Self { kind, id: Some(id) }),
        }
    }

    /// Nobody who could be named.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self { kind: ActorKind::Anonymous, id: None }
    }

    /// What kind of actor this is.
    #[must_use]
    pub const fn kind(&self) -> ActorKind {
        self.kind
    }

    /// The actor's id in the host application; none for an anonymous one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl fmt::Display for ActorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "{}:{id}", self.kind.as_str()),
            None => f.write_str(self.kind.as_str()),
        }
    }
}

/// Why something is not an actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActorError {
    /// Every kind but anonymous needs an id.
    #[error("an actor of type {} needs an id: give the one it has in your application", .kind.as_str())]
    MissingId {
        /// The kind that was asked for.
        kind: ActorKind,
    },
    /// The type is none of the six.
    #[error("unknown actor type {given:?}: use user, admin, service_account, job, system or anonymous")]
    UnknownType {
        /// What stood there.
        given: String,
    },
}

/// The shape in the database and in JSON.
#[derive(Serialize, Deserialize)]
struct StoredActor {
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    id: Option<String>,
}

impl From<ActorRef> for StoredActor {
    fn from(actor: ActorRef) -> Self {
        Self { r#type: actor.kind.as_str().to_owned(), id: actor.id }
    }
}

impl TryFrom<StoredActor> for ActorRef {
    type Error = ActorError;

    fn try_from(stored: StoredActor) -> Result<Self, ActorError> {
        let kind =
            ActorKind::parse(&stored.r#type).ok_or(ActorError::UnknownType { given: stored.r#type })?;
        Self::new(kind, stored.id.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_both_directions() {
        for (json, shown) in [
            (r#"{"type":"user","id":"42"}"#, "user:42"),
            (r#"{"type":"service_account","id":"triage"}"#, "service_account:triage"),
            (r#"{"type":"anonymous"}"#, "anonymous"),
        ] {
            let actor: ActorRef = serde_json::from_str(json).unwrap();
            assert_eq!(actor.to_string(), shown);
            assert_eq!(serde_json::to_string(&actor).unwrap(), json);
        }
    }

    #[test]
    fn refuses_what_is_no_actor() {
        for (json, reason) in [
            (r#"{"type":"user","id":""}"#, "needs an id"),
            (r#"{"type":"job"}"#, "needs an id"),
            (r#"{"type":"robot","id":"1"}"#, "unknown actor type \"robot\""),
            ("{}", "missing field `type`"),
        ] {
            let error = serde_json::from_str::<ActorRef>(json).unwrap_err().to_string();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }

    #[test]
    fn an_anonymous_actor_drops_its_id() {
        assert_eq!(ActorRef::new(ActorKind::Anonymous, "42"), Ok(ActorRef::anonymous()));
    }
}
