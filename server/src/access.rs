//! The parameter and the result of the authorization hook.

use http::request::Parts;
use threadline::Scope;
use threadline_app::ConsoleAction;

/// The request that the authorization hook decides on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AccessRequest {
    /// The request without its body. Its extensions contain the values that the host's own layers have added, such as a
    /// session.
    pub parts: Parts,
    /// The action of the operator.
    pub action: ConsoleAction,
}

/// The decision of the authorization hook. An error, a panic and a timeout count as [`Access::Deny`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// The operator may read the whole trail.
    Allow,
    /// The operator may read this part of the trail, and cannot find out about anything outside of it. It denies
    /// [`ConsoleAction::ViewCoverage`] and [`ConsoleAction::ViewPolicy`], which concern the whole database.
    AllowWithin(Scope),
    /// The operator may read nothing, and gets a page that says nothing about the data.
    Deny,
}
