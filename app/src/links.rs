//! Addresses below the mount.

use threadline::query::{Change, Filter};
use threadline::{ActorRef, TableName};
use url::form_urlencoded;

use crate::Frame;

impl Frame {
    /// The timeline with this filter.
    pub(crate) fn timeline_href(&self, filter: &Filter) -> String {
        self.with_filter("/timeline", filter)
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

    /// The history of the row that a change is about; none where its key is not known.
    pub(crate) fn row_href(&self, change: &Change) -> Option<String> {
        let key = change.row_key()?;
        let key = form_urlencoded::Serializer::new(String::new()).extend_pairs(key).finish();
        Some(self.href(&format!("/rows/{}/{}", table_segment(&change.table), segment(&key))))
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

fn table_segment(table: &TableName) -> String {
    segment(&table.to_string())
}

/// One segment of a path (RFC 3986, 3.3): every byte that is not unreserved in percent notation.
pub(crate) fn segment(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn a_segment_holds_any_text() {
        assert_eq!(segment("id=4711"), "id%3D4711");
        assert_eq!(segment("v1.2/a b/ü"), "v1.2%2Fa%20b%2F%C3%BC");
    }
}
