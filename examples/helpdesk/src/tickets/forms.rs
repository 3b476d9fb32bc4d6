//! Parses and validates form input.

use serde::Deserialize;

use super::records::{Details, Ticket};
use crate::error::{Error, Problem, Result};

pub(crate) const PRIORITIES: [&str; 4] = ["low", "normal", "high", "urgent"];
pub(crate) const LONGEST_NAME: usize = 60;
pub(crate) const LONGEST_SUBJECT: usize = 200;
pub(crate) const LONGEST_TAGS: usize = 200;
pub(crate) const LONGEST_REASON: usize = 500;
pub(crate) const LONGEST_TEXT: usize = 10_000;
/// A week.
pub(crate) const MOST_MINUTES: u32 = 10_080;

/// A ticket as somebody typed it. A field that the form left out counts as blank.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Draft {
    pub(crate) customer: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) priority: String,
}

/// The texts and details of a ticket as somebody edited them, and why.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Edit {
    pub(crate) subject: String,
    pub(crate) body: String,
    /// Separated by commas.
    pub(crate) tags: String,
    pub(crate) sla_minutes: String,
    pub(crate) reason: String,
}

impl Edit {
    /// The form as it is before somebody edits it.
    pub(crate) fn of(ticket: &Ticket) -> Self {
        Self {
            subject: ticket.subject.clone(),
            body: ticket.body.clone(),
            tags: ticket.details.tags.join(", "),
            sla_minutes: ticket.details.sla_minutes.map_or_else(String::new, |minutes| minutes.to_string()),
            reason: String::new(),
        }
    }

    pub(super) fn details(&self) -> Result<Details> {
        let mut details = Details::default();
        for tag in optional_text("Tags", &self.tags, LONGEST_TAGS)?.unwrap_or_default().split(',') {
            let tag = tag.trim().to_owned();
            if !tag.is_empty() && !details.tags.contains(&tag) {
                details.tags.push(tag);
            }
        }
        let minutes = self.sla_minutes.trim();
        if !minutes.is_empty() {
            let number = minutes.parse().ok().filter(|number| (1..=MOST_MINUTES).contains(number));
            details.sla_minutes = Some(number.ok_or_else(|| {
                invalid("Minutes", format!("Answer within must be 1 to {MOST_MINUTES} minutes, or blank."))
            })?);
        }
        Ok(details)
    }
}

/// A text field: not blank, not too long, with plain line ends, and without the one character PostgreSQL refuses.
pub(super) fn text(field: &'static str, value: &str, longest: usize) -> Result<String> {
    optional_text(field, value, longest)?.ok_or_else(|| invalid(field, format!("{field} must not be blank.")))
}

/// Parses a field that may be blank.
pub(super) fn optional_text(field: &'static str, value: &str, longest: usize) -> Result<Option<String>> {
    let value = value.trim().replace("\r\n", "\n");
    if value.chars().count() > longest {
        Err(invalid(field, format!("{field} must not be longer than {longest} characters.")))
    } else if value.contains('\0') {
        Err(invalid(field, format!("{field} must not contain the null character.")))
    } else {
        Ok(Some(value).filter(|value| !value.is_empty()))
    }
}

pub(super) fn known_priority(value: &str) -> Result<&str> {
    if PRIORITIES.contains(&value) {
        Ok(value)
    } else {
        Err(invalid("Priority", format!("Priority must be one of {}.", PRIORITIES.join(", "))))
    }
}

pub(super) fn invalid(field: &'static str, sentence: impl Into<String>) -> Error {
    Error::Invalid(Problem { field, sentence: sentence.into() })
}
