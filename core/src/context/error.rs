//! What is wrong with a context.

use crate::{ActorError, AuditContext};

/// Why something is not an audit context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// An id is blank, too long, or holds control characters.
    #[error("{field} is {given:?}: use 1 to {} bytes without control characters", AuditContext::MAX_ID_BYTES)]
    InvalidId {
        /// Which id.
        field: &'static str,
        /// What was given, or its beginning.
        given: String,
    },
    /// An id in JSON is neither text nor a whole number.
    #[error("{field} is neither text nor a whole number: give the id as text, or leave it out")]
    IdNotText {
        /// Which id.
        field: &'static str,
    },
    /// Somebody anonymous cannot be stood in for.
    #[error("on_behalf_of is anonymous: name the subject by type and id, or leave it out")]
    AnonymousSubject,
    /// The JSON has no actor.
    #[error(
        "actor_ref is missing: put the context's JSON into the arguments, or null where nobody is known to act"
    )]
    MissingActor,
    /// An actor in the JSON is none.
    #[error("{field} is {source}")]
    Actor {
        /// `actor_ref` or `on_behalf_of`.
        field: &'static str,
        /// What is wrong with it.
        source: ActorError,
    },
    /// The JSON is no object.
    #[error(r#"not a context: expected a JSON object with "actor_ref""#)]
    NotAnObject,
}
