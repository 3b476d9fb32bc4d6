//! Addresses below the mount.

use threadline::query::{Change, Cursor, Filter, RowKey, Side};
use threadline::{ActorKind, TableName};
use url::form_urlencoded;

use crate::{PageContext, paths};

/// The pair that stands for a filter without conditions: an address without a query opens on the last 24 hours.
const ALL_TIME: (&str, &str) = ("from", "");

/// Returns the pairs of a filter as the timeline's address has them.
pub(crate) fn timeline_pairs(filter: &Filter) -> Vec<(&'static str, String)> {
    let mut pairs = filter.to_pairs();
    if pairs.is_empty() {
        pairs.push((ALL_TIME.0, ALL_TIME.1.to_owned()));
    }
    pairs
}

impl PageContext {
    /// Returns the address of the timeline with this filter.
    pub(crate) fn timeline_href(&self, filter: &Filter) -> String {
        self.timeline_with(&timeline_pairs(filter))
    }

    /// Returns the address of the timeline with these conditions, which may name a window by its length.
    pub(crate) fn timeline_with<K: AsRef<str>>(&self, conditions: &[(K, String)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(conditions);
        if conditions.is_empty() {
            query.append_pair(ALL_TIME.0, ALL_TIME.1);
        }
        self.href(&format!("/timeline?{}", query.finish()))
    }

    /// Returns the address of the timeline with this filter, unless the timeline could not read it. An id or a name that was recorded
    /// by SQL may be longer, or hold other characters, than a filter accepts.
    pub(crate) fn readable_timeline_href(&self, filter: &Filter) -> Option<String> {
        let pairs = filter.to_pairs();
        let read = Filter::from_pairs(pairs.iter().map(|(key, value)| (*key, value.as_str())));
        read.is_ok_and(|(read, _)| read == *filter).then(|| self.timeline_href(filter))
    }

    /// Returns the address of all changes under a correlation id, if the timeline can read it.
    pub(crate) fn correlation_href(&self, id: String) -> Option<String> {
        self.readable_timeline_href(&Filter { correlation_id: Some(id), ..Filter::default() })
    }

    /// Returns a path with this filter as its query.
    pub(crate) fn with_filter(&self, path: &str, filter: &Filter) -> String {
        let pairs = filter.to_pairs();
        if pairs.is_empty() {
            return self.href(path);
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.href(&format!("{path}?{query}"))
    }

    /// Returns the address of the history of the row with this key.
    pub(crate) fn row_of(&self, table: &TableName, key: &RowKey) -> String {
        self.href(&paths::row(table, key))
    }

    /// Returns the address of the history of the changed row, if its key is known.
    pub(crate) fn row_href(&self, change: &Change) -> Option<String> {
        Some(self.row_of(&change.table, change.row_key()?))
    }

    /// Returns the address of the page of a transaction that begins with this change.
    pub(crate) fn change_href(&self, change: &Change) -> String {
        let (transaction, above) = (change.transaction_id, change.cursor_above());
        self.href(&format!("/transactions/{transaction}?older={above}#change-{}", change.id))
    }

    /// Returns the address of one value of a change.
    pub(crate) fn value_href(&self, change: Cursor, side: Side, field: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("side", side.as_str()).append_pair("field", field);
        self.href(&format!("/changes/{change}/values?{}", query.finish()))
    }

    /// Returns the address of the page of an actor, or of all actors of a kind.
    pub(crate) fn actor_href(&self, kind: ActorKind, id: Option<&str>) -> String {
        self.href(&paths::actor(kind, id))
    }
}
