//! What the authorisation hook is asked and what it may answer.

use http::request::Parts;
use threadline::Scope;
use threadline_app::ConsoleAction;

/// The question put to the authorisation hook.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AccessRequest {
    /// The request without its body: headers, and in its extensions what the host's own layers put there.
    pub parts: Parts,
    /// What the operator is about to do.
    pub action: ConsoleAction,
}

/// The hook's answer. Everything that is no answer (an error, a panic, a time-out) counts as [`Access::Deny`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// The whole trail may be read.
    Allow,
    /// Only this part of the trail exists for the operator.
    AllowWithin(Scope),
    /// Refused, with a page that says nothing about the data.
    Deny,
}
