//! Errors in an audit context.

use crate::{ActorError, AuditContext};

/// An error of an invalid audit context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// An id is blank, too long, or holds control characters.
    #[error("{field} is {given:?}: use 1 to {} bytes without control characters", AuditContext::MAX_ID_BYTES)]
    InvalidId {
        /// The name of the id.
        field: &'static str,
        /// The given value, shortened if it is long.
        given: String,
    },
    /// An id in JSON is neither a string nor an integer.
    #[error("{field} is neither a string nor an integer: write the id as a string, or leave it out")]
    IdNotText {
        /// The name of the id.
        field: &'static str,
    },
    /// The subject is anonymous, and nobody can act on behalf of an anonymous actor.
    #[error("on_behalf_of is anonymous: name the subject by type and id, or leave it out")]
    AnonymousSubject,
    /// The JSON has no `actor_ref`.
    #[error(
        "actor_ref is missing: put the context's JSON into the arguments, or null if the actor is unknown"
    )]
    MissingActor,
    /// An actor in the JSON is invalid.
    #[error("{field} is {source}")]
    Actor {
        /// `actor_ref` or `on_behalf_of`.
        field: &'static str,
        /// The problem with the actor.
        source: ActorError,
    },
    /// The JSON is not an object.
    #[error(r#"not a context: expected a JSON object with "actor_ref""#)]
    NotAnObject,
}
