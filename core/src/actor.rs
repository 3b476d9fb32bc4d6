//! Actors, which make changes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::invisible::{escape_invisible, is_invisible};

/// The kind of an actor.
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

impl fmt::Display for ActorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
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
    /// The maximum length of an id, in bytes. An email address has at most 254.
    pub const MAX_ID_BYTES: usize = 256;

    /// Creates an actor of this kind with its id in the host application. For [`ActorKind::Anonymous`] the id is dropped.
    ///
    /// # Errors
    /// [`ActorError::MissingId`] if the id is empty and the kind needs one; [`ActorError::InvalidId`] if it is longer than
    /// [`MAX_ID_BYTES`](Self::MAX_ID_BYTES) or contains a control character, a line or paragraph separator, or another invisible character, such as a zero width space or a mark that changes
    /// the direction of the text. With those, two actors could look the same.
    pub fn new(kind: ActorKind, id: impl Into<String>) -> Result<Self, ActorError> {
        let id = id.into();
        if kind != ActorKind::Anonymous && (id.len() > Self::MAX_ID_BYTES || id.contains(is_invisible)) {
            return Err(ActorError::invalid_id(kind, &id));
        }
        Self::recorded(kind, id)
    }

    /// Creates an actor as a trail may hold it: triggers record the id that the setting contains, whatever its characters.
    ///
    /// # Errors
    /// [`ActorError::MissingId`] as for [`new`](Self::new); [`ActorError::InvalidId`] if the id contains a NUL character, which
    /// PostgreSQL cannot store.
    pub(crate) fn recorded(kind: ActorKind, id: impl Into<String>) -> Result<Self, ActorError> {
        let id = id.into();
        match kind {
            ActorKind::Anonymous => Ok(Self::anonymous()),
            _ if id.is_empty() => Err(ActorError::MissingId { kind }),
            _ if id.contains('\0') => Err(ActorError::invalid_id(kind, &id)),
            _ => Ok(Self { kind, id: Some(id) }),
        }
    }

    /// Returns the anonymous actor.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self { kind: ActorKind::Anonymous, id: None }
    }

    /// Parses an actor from its JSON object, as the arguments of jobs contain it. Other keys are ignored.
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
    /// [`ActorError::NotAnActor`] if the JSON is not an object with a `type`, or the `id` is not text;
    /// [`ActorError::UnknownType`]; [`ActorError::MissingId`] and [`ActorError::InvalidId`] as for [`new`](Self::new).
    pub fn from_json(json: &Value) -> Result<Self, ActorError> {
        Self::read(json, Self::new)
    }

    /// Parses an actor from the JSON object that a trail holds. It accepts the ids of [`recorded`](Self::recorded).
    pub(crate) fn from_recorded_json(json: &Value) -> Result<Self, ActorError> {
        Self::read(json, Self::recorded)
    }

    fn read(
        json: &Value,
        create: fn(ActorKind, String) -> Result<Self, ActorError>,
    ) -> Result<Self, ActorError> {
        let kind: ActorKind =
            json.get("type").and_then(Value::as_str).ok_or(ActorError::NotAnActor)?.parse()?;
        match json.get("id") {
            _ if kind == ActorKind::Anonymous => Ok(Self::anonymous()),
            Some(Value::String(id)) => create(kind, id.clone()),
            Some(Value::Null) | None => Err(ActorError::MissingId { kind }),
            Some(_) => Err(ActorError::NotAnActor),
        }
    }

    /// Returns whether the actor has an id, which is so for every kind except [`ActorKind::Anonymous`].
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
    /// The id is too long, or contains a control character, a line or paragraph separator, or another invisible character.
    #[error(
        "an actor of type {} whose id is \"{}\": use at most {} bytes without control characters, line separators and invisible \
         characters",
        .kind.as_str(), escape_invisible(.given), ActorRef::MAX_ID_BYTES
    )]
    InvalidId {
        /// The kind.
        kind: ActorKind,
        /// The given id, shortened if it is long.
        given: String,
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

impl ActorError {
    /// The length of an id in characters that the error repeats.
    const MAX_GIVEN: usize = 256;

    fn invalid_id(kind: ActorKind, id: &str) -> Self {
        Self::InvalidId { kind, given: id.chars().take(Self::MAX_GIVEN).collect() }
    }
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
        let invalid =
            |given: &str| Err(ActorError::InvalidId { kind: ActorKind::User, given: given.to_owned() });
        for (json, expected) in [
            (r#"{"type":"anonymous","id":17}"#, Ok(ActorRef::anonymous())),
            (r#"{"type":"user","id":""}"#, missing(ActorKind::User)),
            (r#"{"type":"user","id":null}"#, missing(ActorKind::User)),
            (r#"{"type":"job"}"#, missing(ActorKind::Job)),
            (r#"{"type":"robot","id":"1"}"#, Err(ActorError::UnknownType { given: "robot".to_owned() })),
            (r#"{"type":"User","id":"1"}"#, Err(ActorError::UnknownType { given: "User".to_owned() })),
            (r#"{"type":"user","id":"a\u0000b"}"#, invalid("a\0b")),
            (r#"{"type":"user","id":"a\u200Bb"}"#, invalid("a\u{200b}b")),
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
        for id in ["42", "a\u{200b}b", "\0"] {
            assert_eq!(ActorRef::new(ActorKind::Anonymous, id), Ok(ActorRef::anonymous()));
        }
    }

    #[test]
    fn id_with_invisible_character_is_rejected_with_its_remedy() {
        for id in
            ["ad\u{200b}min", "\u{202e}nimda", "admin\n", "ad\tmin", "ad\u{2028}min", "admin\u{3164}", "a\0"]
        {
            let error = ActorRef::new(ActorKind::Admin, id).unwrap_err();
            assert_eq!(error, ActorError::InvalidId { kind: ActorKind::Admin, given: id.to_owned() });
            assert!(!error.to_string().contains(is_invisible), "{error}");
        }
        assert_eq!(
            ActorRef::new(ActorKind::Admin, "ad\u{200b}min").unwrap_err().to_string(),
            "an actor of type admin whose id is \"ad\\u{200b}min\": use at most 256 bytes without control characters, line \
             separators and invisible characters"
        );
        let longest = "x".repeat(ActorRef::MAX_ID_BYTES);
        assert!(ActorRef::new(ActorKind::User, format!("{longest}x")).is_err());
        for id in [&longest, "a b", " ", "größe 🦀", "שלום", "i@x.org/ü?#%2F"] {
            assert_eq!(ActorRef::new(ActorKind::User, id).unwrap().id(), Some(id));
        }
    }

    #[test]
    fn recorded_id_with_invisible_character_is_read() {
        let json = serde_json::json!({ "type": "admin", "id": "ad\u{200b}min" });
        let actor = ActorRef::from_recorded_json(&json).unwrap();
        assert_eq!((actor.kind(), actor.id()), (ActorKind::Admin, Some("ad\u{200b}min")));
        let json = serde_json::json!({ "type": "admin", "id": "a\0b" });
        assert!(ActorRef::from_recorded_json(&json).is_err());
    }
}
