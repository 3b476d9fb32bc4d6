//! The audit context: the actor, and the ids of the request and the job.

mod error;
mod json;

pub use error::ContextError;

use std::net::IpAddr;

use crate::ActorRef;

/// The context of a write: the actor, and the ids that connect it to a request, a job, and related work in other services.
///
/// An id has 1 to [`MAX_ID_BYTES`](Self::MAX_ID_BYTES) bytes, is not blank, and has no control characters.
///
/// ```
/// use threadline::{ActorKind, ActorRef, AuditContext};
///
/// let context = AuditContext::new(ActorRef::new(ActorKind::User, "42")?).with_request_id("req-1")?;
/// assert_eq!(context.request_id(), Some("req-1"));
/// assert!(context.with_correlation_id("two\nlines").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditContext {
    pub(crate) actor: Option<ActorRef>,
    on_behalf_of: Option<ActorRef>,
    request_id: Option<String>,
    correlation_id: Option<String>,
    job_id: Option<String>,
    client_addr: Option<IpAddr>,
}

impl AuditContext {
    /// The maximum length of an id in bytes.
    pub const MAX_ID_BYTES: usize = 256;

    /// Creates a context with this actor.
    #[must_use]
    pub fn new(actor: ActorRef) -> Self {
        Self { actor: Some(actor), ..Self::without_actor() }
    }

    /// Creates a context without an actor. Writes with it are refused, unless they
    /// [allow that](crate::AuditedWrite::allow_missing_actor).
    #[must_use]
    pub const fn without_actor() -> Self {
        Self {
            actor: None,
            on_behalf_of: None,
            request_id: None,
            correlation_id: None,
            job_id: None,
            client_addr: None,
        }
    }

    /// Sets the id of the request, as in the host's logs.
    ///
    /// # Errors
    /// [`ContextError::InvalidId`] if it is blank, too long, or holds control characters.
    pub fn with_request_id(mut self, id: impl Into<String>) -> Result<Self, ContextError> {
        self.request_id = Some(checked("request_id", id.into())?);
        Ok(self)
    }

    /// Sets the correlation id, which related work shares across requests and services.
    ///
    /// # Errors
    /// [`ContextError::InvalidId`] if it is blank, too long, or holds control characters.
    pub fn with_correlation_id(mut self, id: impl Into<String>) -> Result<Self, ContextError> {
        self.correlation_id = Some(checked("correlation_id", id.into())?);
        Ok(self)
    }

    /// Sets the id of the job, as in its queue.
    ///
    /// # Errors
    /// [`ContextError::InvalidId`] if it is blank, too long, or holds control characters.
    pub fn with_job_id(mut self, id: impl Into<String>) -> Result<Self, ContextError> {
        self.job_id = Some(checked("job_id", id.into())?);
        Ok(self)
    }

    /// Sets the subject on whose behalf the actor acts, such as the customer whose account a member of staff has opened. The
    /// trail records it in addition to the actor.
    ///
    /// # Errors
    /// [`ContextError::AnonymousSubject`] if the subject is anonymous.
    pub fn with_on_behalf_of(mut self, subject: ActorRef) -> Result<Self, ContextError> {
        if !subject.is_identifiable() {
            return Err(ContextError::AnonymousSubject);
        }
        self.on_behalf_of = Some(subject);
        Ok(self)
    }

    /// Sets the address of the client, as the host knows it. The trail does not store it.
    #[must_use]
    pub const fn with_client_addr(mut self, addr: IpAddr) -> Self {
        self.client_addr = Some(addr);
        self
    }

    /// Replaces the actor by another one, who acts on behalf of the previous actor. A job does this with the context of the
    /// request that enqueued it.
    ///
    /// ```
    /// use threadline::{ActorKind, ActorRef, AuditContext};
    ///
    /// let customer = ActorRef::new(ActorKind::User, "42")?;
    /// let job = AuditContext::new(customer.clone()).delegated_to(ActorRef::new(ActorKind::Job, "triage")?);
    /// assert_eq!(job.actor().map(ToString::to_string).as_deref(), Some("job:triage"));
    /// assert_eq!(job.on_behalf_of(), Some(&customer));
    /// # Ok::<(), threadline::ActorError>(())
    /// ```
    #[must_use]
    pub fn delegated_to(mut self, actor: ActorRef) -> Self {
        let previous = self.actor.replace(actor).filter(ActorRef::is_identifiable);
        self.on_behalf_of = self.on_behalf_of.or(previous);
        self
    }

    /// Returns the actor; `None` if the host does not know it.
    #[must_use]
    pub const fn actor(&self) -> Option<&ActorRef> {
        self.actor.as_ref()
    }

    /// Returns the subject on whose behalf the actor acts, if there is one.
    #[must_use]
    pub const fn on_behalf_of(&self) -> Option<&ActorRef> {
        self.on_behalf_of.as_ref()
    }

    /// Returns the id of the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns the correlation id.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// Returns the id of the job.
    #[must_use]
    pub fn job_id(&self) -> Option<&str> {
        self.job_id.as_deref()
    }

    /// Returns the address of the client.
    #[must_use]
    pub const fn client_addr(&self) -> Option<IpAddr> {
        self.client_addr
    }
}

/// Checks that an id can be stored, displayed and searched for.
fn checked(field: &'static str, id: String) -> Result<String, ContextError> {
    if id.trim().is_empty() || id.len() > AuditContext::MAX_ID_BYTES || id.contains(char::is_control) {
        let given = id.chars().take(AuditContext::MAX_ID_BYTES).collect();
        return Err(ContextError::InvalidId { field, given });
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_id_is_rejected_with_its_field() {
        let context = AuditContext::without_actor;
        for good in ["1", "a b", "größe", &"x".repeat(256)] {
            assert!(context().with_request_id(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "\t", "a\nb", "a\u{85}b", "\u{7f}", "a\0", &"x".repeat(257)] {
            for (field, error) in [
                ("request_id", context().with_request_id(bad).unwrap_err()),
                ("correlation_id", context().with_correlation_id(bad).unwrap_err()),
                ("job_id", context().with_job_id(bad).unwrap_err()),
            ] {
                assert!(error.to_string().starts_with(&format!("{field} ")), "{bad:?}: {error}");
            }
        }
    }

    #[test]
    fn subject_never_replaces_actor() {
        let [user, admin, job] = [crate::ActorKind::User, crate::ActorKind::Admin, crate::ActorKind::Job]
            .map(|kind| ActorRef::new(kind, "1").unwrap());
        let context = AuditContext::new(admin.clone()).with_on_behalf_of(user.clone()).unwrap();
        assert_eq!((context.actor(), context.on_behalf_of()), (Some(&admin), Some(&user)));
        let context = context.delegated_to(job.clone());
        assert_eq!((context.actor(), context.on_behalf_of()), (Some(&job), Some(&user)));
        let anonymous = AuditContext::new(ActorRef::anonymous());
        assert_eq!(anonymous.delegated_to(job).on_behalf_of(), None);
        let refused = AuditContext::new(admin).with_on_behalf_of(ActorRef::anonymous());
        assert_eq!(refused, Err(ContextError::AnonymousSubject));
    }
}
