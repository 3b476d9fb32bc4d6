//! Actions: why something was done.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::InvalidParameter;

/// A named action, such as `ticket.escalated`, with its reason.
///
/// Its texts are validated before anything is written: the name has 1 to [`MAX_NAME_BYTES`](Self::MAX_NAME_BYTES) bytes without
/// control characters, verb and category at most as many, reason and comment at most
/// [`MAX_TEXT_BYTES`](Self::MAX_TEXT_BYTES), and none of them holds a NUL character.
///
/// ```
/// use threadline::{Action, ActionStatus};
///
/// let action = Action::named("ticket.escalated").reason("The customer called twice.");
/// let failed = Action::named("invoice.sent").status(ActionStatus::Error).comment("The mailbox is full.");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    pub(crate) name: String,
    pub(crate) status: ActionStatus,
    verb: Option<String>,
    category: Option<String>,
    reason: Option<String>,
    comment: Option<String>,
}

/// The result of an action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionStatus {
    /// The action succeeded.
    #[default]
    Ok,
    /// The action failed.
    Error,
}

impl ActionStatus {
    /// Every status.
    pub const ALL: [Self; 2] = [Self::Ok, Self::Error];

    /// Returns the word for the status, which is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

impl FromStr for ActionStatus {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        let known = Self::ALL.into_iter().find(|status| status.as_str() == text);
        known.ok_or_else(|| InvalidParameter::new("status", text, "ok or error"))
    }
}

impl fmt::Display for ActionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Action {
    /// The maximum length of a name, verb or category, in bytes.
    pub const MAX_NAME_BYTES: usize = 200;
    /// The maximum length of a reason or comment, in bytes.
    pub const MAX_TEXT_BYTES: usize = 10_000;

    /// Returns an action with this name and the status [`ActionStatus::Ok`].
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        let (name, status) = (name.into(), ActionStatus::Ok);
        Self { name, status, verb: None, category: None, reason: None, comment: None }
    }

    /// Sets the status.
    #[must_use]
    pub const fn status(mut self, status: ActionStatus) -> Self {
        self.status = status;
        self
    }

    /// Sets the verb: one word for what was done, such as `escalate`.
    #[must_use]
    pub fn verb(mut self, verb: impl Into<String>) -> Self {
        self.verb = Some(verb.into());
        self
    }

    /// Sets the category, such as `support`.
    #[must_use]
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.category = Some(category.into());
        self
    }

    /// Sets the reason, for the person who reads the trail later.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Sets a comment.
    #[must_use]
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// Checks that the trail can store the texts.
    pub(crate) fn check(&self) -> Result<(), ActionError> {
        let names =
            [("name", Some(&self.name)), ("verb", self.verb.as_ref()), ("category", self.category.as_ref())];
        for (field, text) in names {
            let Some(text) = text else { continue };
            let max_bytes = Self::MAX_NAME_BYTES;
            if text.is_empty() || text.len() > max_bytes || text.contains(char::is_control) {
                return Err(ActionError::Name {
                    field,
                    given: text.chars().take(max_bytes).collect(),
                    max_bytes,
                });
            }
        }
        for (field, text) in [("reason", &self.reason), ("comment", &self.comment)] {
            let text = text.as_deref().unwrap_or_default();
            if text.len() > Self::MAX_TEXT_BYTES || text.contains('\0') {
                return Err(ActionError::Text { field, bytes: text.len(), max_bytes: Self::MAX_TEXT_BYTES });
            }
        }
        Ok(())
    }
}

impl From<&str> for Action {
    fn from(name: &str) -> Self {
        Self::named(name)
    }
}

/// An invalid action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActionError {
    /// The name, verb or category is empty, too long, or contains control characters.
    #[error(
        "action {field} {given:?}: use 1 to {max_bytes} bytes without control characters, such as \"ticket.escalated\""
    )]
    Name {
        /// The field.
        field: &'static str,
        /// The given text, shortened.
        given: String,
        /// The maximum length in bytes.
        max_bytes: usize,
    },
    /// The reason or comment is too long or contains a NUL character. The error does not repeat its text.
    #[error(
        "action {field} of {bytes} bytes: use at most {max_bytes}, and no NUL character, which PostgreSQL cannot store"
    )]
    Text {
        /// The field.
        field: &'static str,
        /// The length in bytes.
        bytes: usize,
        /// The maximum length in bytes.
        max_bytes: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_trail_cannot_keep_is_refused_by_name() {
        let good = || Action::named("a");
        let long = "x".repeat(201);
        for (action, field) in [
            (Action::named(""), "name"),
            (Action::named("a\nb"), "name"),
            (Action::named(&long), "name"),
            (good().verb(""), "verb"),
            (good().category(&long), "category"),
            (good().reason("a\0b"), "reason"),
            (good().comment("x".repeat(10_001)), "comment"),
        ] {
            let error = action.check().unwrap_err().to_string();
            assert!(error.starts_with(&format!("action {field} ")), "{error}");
        }
        let whole = good().verb("v").category("c").reason("two\nlines").comment("");
        assert_eq!(whole.check(), Ok(()));
    }
}
