//! The query of an address as pairs.

use http::request::Parts;
use threadline::InvalidParameter;
use threadline::query::{Filter, Position, Timestamp};
use url::form_urlencoded;

use crate::Zone;

/// Decodes the pairs of a query.
pub(crate) fn pairs(parts: &Parts) -> Vec<(String, String)> {
    form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Replaces the times of these keys that are written as people do by UTC times. Returns true if there are some. What cannot be read
/// stays, and is refused as the value of its key.
pub(crate) fn resolve_times(pairs: &mut [(String, String)], keys: &[&str], zone: Zone) -> bool {
    let mut is_changed = false;
    for (key, value) in pairs {
        let text = value.trim();
        let is_exact = text.is_empty() || text.parse::<Timestamp>().is_ok();
        if is_exact || !keys.contains(&key.as_str()) {
            continue;
        }
        if let Some(at) = zone.parse(text) {
            *value = Timestamp(at).to_string();
            is_changed = true;
        }
    }
    is_changed
}

/// Parses pairs as a filter and a position.
pub(crate) fn parse_filter(pairs: &[(String, String)]) -> Result<(Filter, Position), InvalidParameter> {
    Filter::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
}

/// Parses the pairs of a page that has a list but no filter. `expected` describes the keys of the page.
pub(crate) fn parse_position(
    pairs: &[(String, String)],
    expected: &'static str,
) -> Result<Position, InvalidParameter> {
    let (filter, position) = parse_filter(pairs)?;
    match filter.to_pairs().into_iter().next() {
        None => Ok(position),
        Some((key, value)) => Err(InvalidParameter::new(key, &value, expected)),
    }
}

/// Returns the pair of a position, unless it is the newest page.
pub(crate) fn position_pair(position: Position) -> Option<(&'static str, String)> {
    match position {
        Position::Newest => None,
        Position::OlderThan(cursor) => Some(("older", cursor.to_string())),
        Position::NewerThan(cursor) => Some(("newer", cursor.to_string())),
    }
}
