//! Who acts, and in which request.

use crate::ActorRef;

/// The circumstances of an audited transaction: its actor and the ids that tie it to a request.
///
/// ```
/// use threadline::{ActorKind, ActorRef, AuditContext};
///
/// let context = AuditContext::new(ActorRef::new(ActorKind::User, "42")?).with_request_id("req-1");
/// # Ok::<(), threadline::ActorError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditContext {
    pub(crate) actor: ActorRef,
    pub(crate) request_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
}

impl AuditContext {
    /// A context in which this actor acts.
    #[must_use]
    pub const fn new(actor: ActorRef) -> Self {
        Self { actor, request_id: None, correlation_id: None }
    }

    /// The id of the request, as the host's logs have it.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// An id shared by everything that belongs together, across requests and services.
    #[must_use]
    pub fn with_correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into());
        self
    }

    /// Who acts.
    #[must_use]
    pub const fn actor(&self) -> &ActorRef {
        &self.actor
    }
}
