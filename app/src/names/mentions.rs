//! The actors and rows that a page names.

use std::collections::HashSet;

use threadline::query::{RowKey, TimelineEntry, TimelineLine, TransactionRecord};
use threadline::{ActorRef, TableName};

use super::RowRef;

/// The actors and rows that a page names: the host is asked about their labels, and about no others.
#[derive(Debug, Default)]
pub struct Mentions {
    actors: HashSet<ActorRef>,
    rows: HashSet<RowRef>,
}

impl Mentions {
    /// Adds an actor. Anonymous ones have no name.
    pub fn actor(&mut self, actor: &ActorRef) {
        if actor.id().is_some() {
            self.actors.insert(actor.clone());
        }
    }

    /// Adds a row, if its key is known.
    pub(crate) fn row(&mut self, table: &TableName, key: &RowKey) {
        if key.is_complete() {
            self.rows.insert(RowRef { table: table.clone(), key: key.clone() });
        }
    }

    /// Adds the actors of a transaction.
    pub(crate) fn transaction(&mut self, transaction: &TransactionRecord) {
        transaction.actor.iter().chain(&transaction.on_behalf_of).for_each(|actor| self.actor(actor));
    }

    /// Adds the row and the actors of a change.
    pub(crate) fn entry(&mut self, entry: &TimelineEntry) {
        self.transaction(&entry.transaction);
        self.row(&entry.change.table, &entry.change.key);
    }

    /// Adds the row and the actors of a line.
    pub(crate) fn line(&mut self, line: &TimelineLine) {
        match line {
            TimelineLine::Change(entry) => self.entry(entry),
            other => self.transaction(other.transaction()),
        }
    }

    /// Returns whether the page names neither an actor nor a row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actors.is_empty() && self.rows.is_empty()
    }

    /// Returns the actors and the rows, each once.
    #[must_use]
    pub fn into_parts(self) -> (Vec<ActorRef>, Vec<RowRef>) {
        (self.actors.into_iter().collect(), self.rows.into_iter().collect())
    }
}
