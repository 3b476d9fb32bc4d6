//! Why something was done.

/// A named action, such as `ticket.escalated`, and what explains it.
///
/// ```
/// use threadline::Action;
///
/// let action = Action::named("ticket.escalated").with_reason("The customer called twice.");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub(crate) name: String,
    pub(crate) reason: Option<String>,
}

impl Action {
    /// The longest name that is accepted, in bytes.
    pub const MAX_NAME_BYTES: usize = 200;

    /// An action of this name: 1 to [`Self::MAX_NAME_BYTES`] bytes without control characters, checked when the audited
    /// transaction begins.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), reason: None }
    }

    /// The reason in words, for the person who reads the trail later.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    pub(crate) fn is_valid(&self) -> bool {
        (1..=Self::MAX_NAME_BYTES).contains(&self.name.len()) && !self.name.contains(char::is_control)
    }
}
