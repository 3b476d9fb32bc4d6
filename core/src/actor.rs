//! Actors: who did something.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kind of an actor. The set is closed.
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
    /// An unknown actor, which has no id.
    Anonymous,
}

impl ActorKind {
    /// All kinds, in the order in which forms list them.
    pub const ALL: [Self; 6] =
        [Self::User, Self::Admin, Self::ServiceAccount, Self::Job, Self::System, Self::Anonymous];

    /// Returns the word for the kind, which is stored and shown.
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
}

impl FromStr for ActorKind {
    type Err = ActorError;

    /// Parses the word for a kind.
    fn from_str(name: &str) -> Result<Self, ActorError> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        known.ok_or_else(|| ActorError::UnknownType { given: name.to_owned() })
    }
}

/// A reference to an actor: its kind and, unless it is anonymous, its id in the host application.
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
#[serde(try_from = "Value", into = "StoredActor")]
pub struct ActorRef {
    kind: ActorKind,
    id: Option<String>,
}

impl ActorRef {
    /// Returns an actor of this kind with this id. For [`ActorKind::Anonymous`] the id is dropped.
    ///
    /// # Errors
    /// [`ActorError::MissingId`] if the id is empty and the kind needs one; [`ActorError::InvalidId`] if it contains a NUL
    /// character, which PostgreSQL cannot store.
    pub fn new(kind: ActorKind, id: impl Into<String>) -> Result<Self, ActorError> {
        let id = id.into();
        match kind {
            ActorKind::Anonymous => Ok(Self::anonymous()),
            _ if id.is_empty() => Err(ActorError::MissingId { kind }),
            _ if id.contains('\0') => Err(ActorError::InvalidId { kind }),
            _ => Ok(Self { kind, id: Some(id) }),
        }
    }

    /// Returns the anonymous actor.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self { kind: ActorKind::Anonymous, id: None }
    }

    /// Parses an actor from the JSON object that is stored, and that job payloads contain. Other keys are ignored.
    ///
    /// ```
    /// use serde_json::json;
    /// use threadline::{ActorError, ActorRef};
    ///
    /// let actor = ActorRef::from_json(&json!({ "type": "job", "id": "nightly" }))?;
    /// assert_eq!(actor.to_string(), "job:nightly");
    /// assert_eq!(ActorRef::from_json(&json!("job:nightly")), Err(ActorError::NotAnActor));
    /// # Ok::<(), ActorError>(())
    /// ```
    ///
    /// # Errors
    /// [`ActorError`] for anything else than an object with a known `type` and, unless anonymous, an `id` that is text.
    pub fn from_json(json: &Value) -> Result<Self, ActorError> {
        let kind: ActorKind =
            json.get("type").and_then(Value::as_str).ok_or(ActorError::NotAnActor)?.parse()?;
        match json.get("id") {
            _ if kind == ActorKind::Anonymous => Ok(Self::anonymous()),
            Some(Value::String(id)) => Self::new(kind, id),
            Some(Value::Null) | None => Err(ActorError::MissingId { kind }),
            Some(_) => Err(ActorError::NotAnActor),
        }
    }

    /// Returns whether the actor is not anonymous.
    #[must_use]
    pub const fn is_identifiable(&self) -> bool {
        self.id.is_some()
    }

    /// Returns the kind of the actor.
    #[must_use]
    pub const fn kind(&self) -> ActorKind {
        self.kind
    }

    /// Returns the id of the actor in the host application; `None` if it is anonymous.
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

/// An invalid actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActorError {
    /// The id is missing. Every kind but anonymous needs one.
    #[error("an actor of type {} needs an id: use its id in your application", .kind.as_str())]
    MissingId {
        /// The kind.
        kind: ActorKind,
    },
    /// The id contains a NUL character, which PostgreSQL cannot store.
    #[error("the id of an actor of type {} holds a NUL character: leave it out", .kind.as_str())]
    InvalidId {
        /// The kind.
        kind: ActorKind,
    },
    /// The JSON is not an object with a type and an id.
    #[error(r#"not an actor: expected JSON such as {{"type":"user","id":"42"}}, with the id as text"#)]
    NotAnActor,
    /// The type is unknown.
    #[error("unknown actor type {given:?}: use user, admin, service_account, job, system or anonymous")]
    UnknownType {
        /// The given type.
        given: String,
    },
}

/// The JSON form of an actor.
#[derive(Serialize)]
struct StoredActor {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

impl From<ActorRef> for StoredActor {
    fn from(actor: ActorRef) -> Self {
        Self { r#type: actor.kind.as_str(), id: actor.id }
    }
}

impl TryFrom<Value> for ActorRef {
    type Error = ActorError;

    fn try_from(json: Value) -> Result<Self, ActorError> {
        Self::from_json(&json)
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
        let missing = |kind| Err(ActorError::MissingId { kind });
        for (json, expected) in [
            (r#"{"type":"anonymous","id":17}"#, Ok(ActorRef::anonymous())),
            (r#"{"type":"user","id":""}"#, missing(ActorKind::User)),
            (r#"{"type":"user","id":null}"#, missing(ActorKind::User)),
            (r#"{"type":"job"}"#, missing(ActorKind::Job)),
            (r#"{"type":"robot","id":"1"}"#, Err(ActorError::UnknownType { given: "robot".to_owned() })),
            (r#"{"type":"User","id":"1"}"#, Err(ActorError::UnknownType { given: "User".to_owned() })),
            (r#"{"type":"user","id":"a\u0000b"}"#, Err(ActorError::InvalidId { kind: ActorKind::User })),
            (r#"{"type":"user","id":7}"#, Err(ActorError::NotAnActor)),
            (r#"{"type":7,"id":"1"}"#, Err(ActorError::NotAnActor)),
            (r#"{"id":"1"}"#, Err(ActorError::NotAnActor)),
            ("{}", Err(ActorError::NotAnActor)),
            ("[]", Err(ActorError::NotAnActor)),
            ("null", Err(ActorError::NotAnActor)),
            (r#""user:1""#, Err(ActorError::NotAnActor)),
        ] {
            let value: Value = serde_json::from_str(json).unwrap();
            assert_eq!(ActorRef::from_json(&value), expected, "{json}");
            let through_serde = serde_json::from_str::<ActorRef>(json).map_err(|error| error.to_string());
            assert_eq!(through_serde, expected.map_err(|error| error.to_string()), "{json}");
        }
    }

    #[test]
    fn an_anonymous_actor_drops_its_id() {
        assert_eq!(ActorRef::new(ActorKind::Anonymous, "42"), Ok(ActorRef::anonymous()));
    }
}
