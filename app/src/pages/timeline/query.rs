//! The query of the timeline: a filter, and a position in the list.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use chrono::Utc;
use http::request::Parts;
use threadline::InvalidParameter;
use threadline::TableName;
use threadline::query::{FILTER_KEYS, Filter, Position, RelativeRange, RowKey, Timestamp};

use crate::RequestContext;
use crate::query_string::{pairs, parse_filter, resolve_times};
use crate::relative_range::DEFAULT_RANGE;

/// The filter of an address, as it was typed. Besides the keys of [`Filter`], it may name a time window by its length.
#[derive(Debug, Clone)]
pub struct TimelineQuery {
    pub(in crate::pages) typed: Vec<(String, String)>,
    /// True if a time was written as people do, and is now a UTC time, or if several values of a key are now a list.
    pub(super) is_resolved: bool,
}

impl FromRequestParts<RequestContext> for TimelineQuery {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, context: &RequestContext) -> Result<Self, Infallible> {
        let mut typed = pairs(parts);
        if typed.is_empty() {
            typed.push(("window".to_owned(), DEFAULT_RANGE.to_string()));
        }
        let is_joined = join_lists(&mut typed);
        let is_resolved = resolve_times(&mut typed, &["from", "to"], context.page.zone) || is_joined;
        Ok(Self { typed, is_resolved })
    }
}

/// Joins the values of each key that accepts several and is given more than once, as by the checkboxes of a form. Returns true if there
/// is such a key.
fn join_lists(pairs: &mut Vec<(String, String)>) -> bool {
    let is_list = |key: &str| FILTER_KEYS.iter().any(|known| known.name == key && known.is_list);
    let given = pairs.len();
    let mut joined: Vec<(String, String)> = Vec::new();
    for (key, value) in std::mem::take(pairs) {
        match joined.iter_mut().find(|(known, _)| *known == key && is_list(&key)) {
            Some((_, _)) if value.trim().is_empty() => {}
            Some((_, list)) if list.trim().is_empty() => *list = value,
            Some((_, list)) => *list = format!("{list},{value}"),
            None => joined.push((key, value)),
        }
    }
    *pairs = joined;
    pairs.len() < given
}

impl TimelineQuery {
    /// Returns a key that was typed without its column, such as `42`, together with its table. What it stands for depends on
    /// the key columns of that table.
    pub(super) fn bare_key(&self) -> Result<Option<(TableName, &str)>, InvalidParameter> {
        let typed = |name| {
            let values = self.typed.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim());
            values.filter(|value| !value.is_empty())
        };
        let Some(text) = typed("key").find(|value| !value.contains('=')) else { return Ok(None) };
        let Some(table) = typed("table").next() else {
            return Err(InvalidParameter::new("key", text, "the table beside it"));
        };
        let table = table.parse().map_err(|error: InvalidParameter| error.named("table"))?;
        Ok(Some((table, text)))
    }

    /// Parses the filter. `key` is what the [bare key](Self::bare_key) stands for.
    pub(super) fn parse(&self, key: Option<&RowKey>) -> Result<(Filter, Position), InvalidParameter> {
        let bare_key = self.bare_key()?;
        let mut rest = self.typed.clone();
        if let Some(((_, text), key)) = bare_key.zip(key) {
            let is_bare = |(name, value): &&mut (String, String)| name == "key" && value.trim() == text;
            if let Some((_, value)) = rest.iter_mut().find(is_bare) {
                *value = key.to_string();
            }
        }
        let windows: Vec<_> = rest.extract_if(.., |(key, _)| key == "window").collect();
        let (mut filter, position) = parse_filter(&rest)?;
        for (_, word) in windows {
            filter.from = match word.as_str() {
                "all" => None,
                word => window(word)?.before(Utc::now()).from,
            };
            filter.to = None;
        }
        Ok((filter, position))
    }

    /// Returns the pairs as they were typed, for a form with a mistake. A window that is named by its length becomes its first
    /// moment, for which the form has a field.
    pub(in crate::pages) fn typed_for_form(&self) -> Vec<(String, String)> {
        let pair = |(key, value): &(String, String)| match (key.as_str(), value.parse::<RelativeRange>()) {
            ("window", Ok(range)) => {
                let from = range.before(Utc::now()).from.map(|from| Timestamp(from).to_string());
                ("from".to_owned(), from.unwrap_or_default())
            }
            _ => (key.clone(), value.clone()),
        };
        self.typed.iter().map(pair).collect()
    }

    /// Returns whether the address should be replaced by its canonical form: a form also sends its blank fields, a link may
    /// name a window by its length, and people type bare keys.
    pub(super) fn needs_canonical_redirect(&self) -> bool {
        self.typed.iter().any(|(key, value)| {
            value.trim().is_empty() || key == "window" || (key == "key" && !value.contains('='))
        })
    }
}

fn window(word: &str) -> Result<RelativeRange, InvalidParameter> {
    word.parse().map_err(|_| InvalidParameter::new("window", word, "1h, 24h, 7d, 30d or all"))
}

/// Describes how to write a key that cannot be completed.
pub(super) fn expected_key(table: &TableName, columns: &[String]) -> String {
    if columns.is_empty() {
        return format!("its column too, as in id=42: no key of {table} is known");
    }
    let example: Vec<String> = columns.iter().map(|column| format!("{column}=…")).collect();
    format!("every key column of {table}, as in {}", example.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_window(word: &str) -> TimelineQuery {
        TimelineQuery { typed: vec![("window".to_owned(), word.to_owned())], is_resolved: false }
    }

    #[test]
    fn repeated_values_become_a_list() {
        for (pairs, expected) in [
            (
                &[("actor", "user:1"), ("table", "a"), ("actor", "-job")][..],
                &[("actor", "user:1,-job"), ("table", "a")][..],
            ),
            (&[("actor", ""), ("actor", "user:1"), ("actor", " ")], &[("actor", "user:1")]),
            (&[("key", "1"), ("key", "2")], &[("key", "1"), ("key", "2")]),
        ] {
            let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
                pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
            };
            let mut joined = owned(pairs);
            assert_eq!(join_lists(&mut joined), pairs.len() != expected.len());
            assert_eq!(joined, owned(expected));
        }
    }

    #[test]
    fn window_is_a_length_that_ends_now() {
        for word in ["1h", "24h", "7d", "30d"] {
            let query = of_window(word);
            let (filter, _) = query.parse(None).unwrap();
            let length = Utc::now() - filter.from.unwrap();
            let window: RelativeRange = word.parse().unwrap();
            assert!((window.length()..=window.max_length()).contains(&length), "{word}: {length}");
            assert_eq!(filter.to, None);
        }
        let query = of_window("2h");
        assert!(query.parse(None).is_err());
    }
}
