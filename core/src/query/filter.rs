//! What is asked for, as it stands in a URL.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::Cursor;
use super::cursor::in_range;
use crate::TableName;

/// Which changes are wanted. Both bounds of the window are inclusive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only changes of this table.
    pub table: Option<TableName>,
    /// Only changes captured at this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Only changes captured at this moment or earlier.
    pub to: Option<DateTime<Utc>>,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Position {
    /// At the newest end.
    #[default]
    Newest,
    /// At the changes just older than this place.
    OlderThan(Cursor),
    /// At the changes just newer than this place.
    NewerThan(Cursor),
}

/// A part of a request that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} is {value:?}: expected {expected}")]
pub struct FilterError {
    /// Which key.
    pub key: String,
    /// What it held.
    pub value: String,
    /// What may stand there.
    pub expected: &'static str,
}

impl FilterError {
    pub(super) fn new(key: &str, value: &str, expected: &'static str) -> Self {
        Self { key: key.to_owned(), value: value.to_owned(), expected }
    }
}

impl Filter {
    /// Reads the decoded pairs of a URL's query. Blank values count as absent; times are UTC.
    ///
    /// ```
    /// use threadline::query::{Filter, Position};
    ///
    /// let (filter, position) = Filter::from_pairs([("table", "tickets"), ("from", "2026-11-22T09:30")])?;
    /// assert_eq!(filter.to_pairs(), [("table", "tickets".to_owned()), ("from", "2026-11-22T09:30:00Z".to_owned())]);
    /// assert_eq!(position, Position::Newest);
    ///
    /// let error = Filter::from_pairs([("from", "yesterday")]).unwrap_err();
    /// assert_eq!(error.to_string(), r#"from is "yesterday": expected a UTC time such as 2026-11-22T09:30"#);
    /// # Ok::<(), threadline::query::FilterError>(())
    /// ```
    ///
    /// # Errors
    /// [`FilterError`] for an unknown key, a key given twice, a malformed value, or a window that ends before it begins.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(Self, Position), FilterError> {
        let mut filter = Self::default();
        let mut position = Position::Newest;
        let mut seen = Vec::new();
        for (key, value) in pairs {
            if seen.contains(&key) {
                return Err(FilterError::new(key, value, "each key only once"));
            }
            seen.push(key);
            let value = value.trim();
            match key {
                _ if value.is_empty() && KEYS.contains(&key) => {}
                "table" => filter.table = Some(table(value)?),
                "from" => filter.from = Some(time(key, value)?),
                "to" => filter.to = Some(time(key, value)?),
                "older" | "newer" if position != Position::Newest => {
                    return Err(FilterError::new(key, value, "either older or newer, not both"));
                }
                "older" => position = Position::OlderThan(cursor(key, value)?),
                "newer" => position = Position::NewerThan(cursor(key, value)?),
                _ => {
                    return Err(FilterError::new(
                        key,
                        value,
                        "one of the keys table, from, to, older and newer",
                    ));
                }
            }
        }
        if let (Some(from), Some(to)) = (filter.from, filter.to)
            && from > to
        {
            return Err(FilterError::new("to", &stamp(to), "a time that is not before from"));
        }
        Ok((filter, position))
    }

    /// The pairs from which [`from_pairs`](Self::from_pairs) makes the same filter.
    #[must_use]
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let table = self.table.as_ref().map(|table| ("table", table.to_string()));
        let from = self.from.map(|from| ("from", stamp(from)));
        let to = self.to.map(|to| ("to", stamp(to)));
        [table, from, to].into_iter().flatten().collect()
    }

    /// Whether nothing is filtered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

const KEYS: [&str; 5] = ["table", "from", "to", "older", "newer"];

fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

fn table(value: &str) -> Result<TableName, FilterError> {
    let table = TableName::from(value);
    if table.can_exist() {
        Ok(table)
    } else {
        Err(FilterError::new("table", value, "a table such as tickets or billing.invoices"))
    }
}

fn cursor(key: &str, value: &str) -> Result<Cursor, FilterError> {
    value.parse().map_err(|error: FilterError| FilterError { key: key.to_owned(), ..error })
}

/// What a `datetime-local` input sends, taken as UTC, or RFC 3339 with its offset.
fn time(key: &str, value: &str) -> Result<DateTime<Utc>, FilterError> {
    let local = || {
        let value = value.strip_suffix('Z').unwrap_or(value);
        ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(value, format).ok())
            .map(|time| time.and_utc())
    };
    DateTime::parse_from_rfc3339(value)
        .map(|time| time.to_utc())
        .ok()
        .or_else(local)
        .and_then(in_range)
        .ok_or_else(|| FilterError::new(key, value, "a UTC time such as 2026-11-22T09:30"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_names_its_key_and_value() {
        let cursor = "1795339267000000-0193c2aa00007000800000000000008d";
        for (pairs, message) in [
            (vec![("tabel", "x")], r#"tabel is "x": expected one of the keys"#),
            (vec![("from", "2026-13-01T00:00")], r#"from is "2026-13-01T00:00": expected a UTC time"#),
            (vec![("to", "+262143-01-01T00:00")], "to is"),
            (
                vec![("from", "2026-01-02T00:00"), ("to", "2026-01-01T00:00")],
                r#"to is "2026-01-01T00:00:00Z""#,
            ),
            (vec![("older", "17")], r#"older is "17": expected a link"#),
            (vec![("newer", "99999999999999999999-x")], "newer is"),
            (vec![("older", cursor), ("newer", cursor)], "either older or newer"),
            (vec![("table", "a."), ("from", "")], r#"table is "a.""#),
            (vec![("table", "a"), ("table", "b")], "each key only once"),
        ] {
            let error = Filter::from_pairs(pairs.clone()).unwrap_err().to_string();
            assert!(error.contains(message), "{pairs:?}: {error}");
        }
    }

    #[test]
    fn blank_fields_of_a_form_are_no_filter() {
        let (filter, position) = Filter::from_pairs([("table", ""), ("from", " "), ("to", "")]).unwrap();
        assert!(filter.is_empty());
        assert_eq!(position, Position::Newest);
    }

    #[test]
    fn pairs_round_trip() {
        for pairs in [
            vec![("table", "billing.invoices")],
            vec![("from", "2026-11-22T09:30Z"), ("to", "2026-11-22T09:30:00.123456Z")],
        ] {
            let (filter, _) = Filter::from_pairs(pairs.clone()).unwrap();
            let written = filter.to_pairs();
            let again =
                Filter::from_pairs(written.iter().map(|(key, value)| (*key, value.as_str()))).unwrap();
            assert_eq!(again.0, filter, "{pairs:?}");
        }
    }
}
