//! The names of tables, records, actors and actions, in the words of the host. Every component takes them from
//! [`PageContext::names`](crate::PageContext).

mod action;
mod actor;
mod host;
mod label;
mod labels;
mod mentions;
mod record;
mod search_hit;
mod words;

pub(crate) use self::actor::{ActorName, plural};
pub use self::host::{Host, HostLink};
pub use self::labels::{Label, Labels, RowRef};
pub use self::mentions::Mentions;
use self::record::RecordLabel;
pub(crate) use self::record::RecordName;
pub use self::search_hit::{HostSearch, SearchHit};
pub use self::words::HostWords;

use std::borrow::Cow;

use threadline::query::{Change, RowKey, TimelineEntry};
use threadline::{ActorRef, TableName};

/// The names of one page: the words of the host, and the labels that its hook gave for this page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    words: &'a HostWords,
    labels: &'a Labels,
}

impl<'a> Names<'a> {
    pub(crate) const fn new(words: &'a HostWords, labels: &'a Labels) -> Self {
        Self { words, labels }
    }

    /// Returns the noun for this many records of a table: `ticket`, `tickets`. Without configuration it is the name of the table.
    pub(crate) fn noun(self, table: &TableName, count: usize) -> Cow<'a, str> {
        let words = self.words.table(table);
        let noun = if count == 1 { &words.singular } else { &words.plural };
        noun.as_deref().map_or_else(|| Cow::Owned(table.to_string()), Cow::Borrowed)
    }

    /// Returns the name of the record with this key. Its label is that of the host, if the host gave one for it.
    pub(crate) fn record(self, table: &TableName, key: &RowKey) -> RecordName {
        let words = self.words.table(table);
        let label = self.labels.of_row(table, key).map(|label| RecordLabel::of_host(label.text.clone()));
        RecordName::new(self.noun(table, 1).into_owned(), words, key.clone(), label)
    }

    /// Returns the name of the record with this key and this label of the host.
    pub(crate) fn labelled_record(self, table: &TableName, key: &RowKey, label: &Label) -> RecordName {
        let label = (!label.text.is_empty()).then(|| RecordLabel::of_host(label.text.clone()));
        RecordName::new(self.noun(table, 1).into_owned(), self.words.table(table), key.clone(), label)
    }

    /// Returns the name of the record that a change is about, with the label that it had after the change, or until it was deleted.
    pub(crate) fn changed_record(self, change: &Change) -> RecordName {
        self.record(&change.table, &change.key).or_label(|| self.recorded_label(change))
    }

    /// Returns the name of the record with this key, with the label of the newest of these changes that holds the record.
    pub(crate) fn record_of<'e>(
        self,
        (table, key): (&TableName, &RowKey),
        entries: impl IntoIterator<Item = &'e TimelineEntry>,
    ) -> RecordName {
        self.record(table, key).or_label(|| {
            let entry = entries.into_iter().find(|entry| entry.change.has_recorded_row())?;
            self.recorded_label(&entry.change)
        })
    }

    /// Returns whether a text stands for a masked value of the table.
    pub(crate) fn is_placeholder(self, table: &TableName, text: &str) -> bool {
        self.words.search.is_placeholder(table, text)
    }

    fn recorded_label(self, change: &Change) -> Option<RecordLabel> {
        label::recorded(&self.words.search, change)
    }

    /// Returns the address of a record in the host.
    pub(crate) fn row_link(self, table: &TableName, key: &RowKey) -> Option<String> {
        let link = self.labels.of_row(table, key).and_then(|label| label.href.clone());
        link.or_else(|| self.words.table(table).link.as_ref()?.fill(|column| key.get(column)))
    }

    /// Returns words for an action that stand alone.
    pub(crate) fn action(self, name: &str) -> String {
        action::alone(name, self.words.action(name))
    }

    /// Returns the words of the host for an action, to stand before a record of this table: "changed the priority of". An action that
    /// is not named after the table may have changed the record only besides, so it has none.
    pub(crate) fn action_before_record(self, name: &str, table: &TableName) -> Option<&'a str> {
        let words = self.words.action(name)?;
        let [one, several] = [self.noun(table, 1), self.noun(table, 2)];
        let nouns = [&*one, &*several, table.name(), table.name().trim_end_matches('s')];
        action::is_about(name, nouns).then_some(words)
    }

    /// Returns the name of an actor with this label of the host.
    pub(crate) fn labelled_actor(self, actor: &ActorRef, label: &Label) -> ActorName {
        ActorName::new(actor, Some(label).filter(|label| !label.text.is_empty()))
    }

    /// Returns the name of an actor.
    pub(crate) fn actor(self, actor: &ActorRef) -> ActorName {
        ActorName::new(actor, self.labels.of_actor(actor))
    }
}
