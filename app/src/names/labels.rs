//! The labels that the host gives to the actors and rows of one page.

use std::collections::HashMap;

use threadline::query::RowKey;
use threadline::{ActorRef, LinkTemplate, TableName};

use super::label::line;

/// A reference to a row: its table and its key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowRef {
    /// The table.
    pub table: TableName,
    /// The key.
    pub key: RowKey,
}

/// The label of an actor or a row: a short plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub(super) text: String,
    pub(super) detail: Option<String>,
    pub(super) href: Option<String>,
}

impl Label {
    /// Creates a label. Of a longer text, the console shows the first 80 characters on one line; a blank text is no label.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: line(&text.into()).unwrap_or_default(), detail: None, href: None }
    }

    /// Returns whether the label is this text, in any case.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.text.to_lowercase() == text.trim().to_lowercase()
    }

    /// Adds what else tells an actor apart, such as an email address. Of a longer text, the console shows the first 80 characters.
    #[must_use]
    pub fn detail(self, text: impl Into<String>) -> Self {
        Self { detail: line(&text.into()), ..self }
    }

    /// Adds the page of the actor or row in the host: a path, or an address of HTTP or HTTPS. Any other address is left out, with a
    /// warning in the log.
    #[must_use]
    pub fn link(self, href: impl Into<String>) -> Self {
        let href = href.into();
        let is_address = href.parse().is_ok_and(|link: LinkTemplate| link.placeholders().next().is_none());
        if !is_address {
            tracing::warn!(
                "a hook gave a link that is no path and no address of HTTP or HTTPS: it is left out"
            );
        }
        Self { href: is_address.then_some(href), ..self }
    }
}

/// The labels that the host gives to the actors and rows of one page. What has none is shown by its id.
#[derive(Debug, Default)]
pub struct Labels {
    actors: HashMap<ActorRef, Label>,
    rows: HashMap<RowRef, Label>,
}

impl Labels {
    /// Sets the label of an actor.
    pub fn actor(&mut self, actor: &ActorRef, label: Label) -> &mut Self {
        if !label.text.is_empty() {
            self.actors.insert(actor.clone(), label);
        }
        self
    }

    /// Sets the label of a row, in place of the one from the recorded row.
    pub fn row(&mut self, row: &RowRef, label: Label) -> &mut Self {
        if !label.text.is_empty() {
            self.rows.insert(row.clone(), label);
        }
        self
    }

    pub(super) fn of_actor(&self, actor: &ActorRef) -> Option<&Label> {
        self.actors.get(actor)
    }

    pub(super) fn of_row(&self, table: &TableName, key: &RowKey) -> Option<&Label> {
        if self.rows.is_empty() {
            return None;
        }
        self.rows.get(&RowRef { table: table.clone(), key: key.clone() })
    }
}
