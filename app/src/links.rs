//! Addresses below the mount.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use threadline::query::{Change, Filter, RowKey};
use threadline::{ActorRef, TableName};
use url::form_urlencoded;

use crate::PageContext;

impl PageContext {
    /// The timeline with this filter. Without any condition it would open on the last 24 hours, so a blank `from` asks for
    /// everything.
    #[must_use]
    pub fn timeline_href(&self, filter: &Filter) -> String {
        if filter.is_empty() { self.href("/timeline?from=") } else { self.with_filter("/timeline", filter) }
    }

    /// Everything that belongs to a correlation id.
    pub(crate) fn correlation_href(&self, id: String) -> String {
        self.timeline_href(&Filter { correlation_id: Some(id), ..Filter::default() })
    }

    /// A path with this filter as its query.
    pub(crate) fn with_filter(&self, path: &str, filter: &Filter) -> String {
        let pairs = filter.to_pairs();
        if pairs.is_empty() {
            return self.href(path);
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.href(&format!("{path}?{query}"))
    }

    /// The history of the row with this key.
    #[must_use]
    pub fn row_of(&self, table: &TableName, key: &RowKey) -> String {
        self.href(&format!("/rows/{}/{}", segment(&table.to_string()), segment(&key.to_string())))
    }

    /// The history of the row that a change is about; none where its key is not known.
    pub(crate) fn row_href(&self, change: &Change) -> Option<String> {
        Some(self.row_of(&change.table, change.row_key()?))
    }

    /// What one actor did.
    pub(crate) fn actor_href(&self, actor: &ActorRef) -> String {
        let kind = actor.kind().as_str();
        match actor.id() {
            Some(id) => self.href(&format!("/actors/{kind}/{}", segment(id))),
            None => self.href(&format!("/actors/{kind}")),
        }
    }
}

/// What stands for itself in a segment of a path (RFC 3986, 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One segment of a path (RFC 3986, 3.3): every byte that is not unreserved in percent notation.
pub(crate) fn segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, UNRESERVED)
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn a_segment_holds_any_text() {
        assert_eq!(segment("id=4711").to_string(), "id%3D4711");
        assert_eq!(segment("v1.2/a b/ü").to_string(), "v1.2%2Fa%20b%2F%C3%BC");
    }
}
