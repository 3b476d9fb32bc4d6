//! Paths of pages below the mount.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use threadline::query::{RowKey, TransactionId};
use threadline::{ActorKind, TableName};
use url::form_urlencoded;

/// The characters that need no percent encoding in a path segment (RFC 3986, 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Returns the path of the history of a row.
#[must_use]
pub fn row(table: &TableName, key: &RowKey) -> String {
    format!("/rows/{}/{}", segment(&table.to_string()), segment(&key.to_string()))
}

/// Returns the path of an actor, or of all actors of a kind.
#[must_use]
pub fn actor(kind: ActorKind, id: Option<&str>) -> String {
    match id {
        Some(id) => format!("/actors/{kind}/{}", segment(id)),
        None => format!("/actors/{kind}"),
    }
}

/// Returns the path of all changes under a correlation id.
#[must_use]
pub fn correlation(id: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("correlation_id", id).finish();
    format!("/timeline?{query}")
}

/// Returns the path of a transaction.
#[must_use]
pub fn transaction(id: TransactionId) -> String {
    format!("/transactions/{id}")
}

/// Encodes one segment of a path (RFC 3986, 3.3): every byte that is not unreserved is percent-encoded.
fn segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, UNRESERVED)
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn segment_encodes_every_reserved_character() {
        assert_eq!(segment("id=4711").to_string(), "id%3D4711");
        assert_eq!(segment("v1.2/a b/ü").to_string(), "v1.2%2Fa%20b%2F%C3%BC");
    }
}
