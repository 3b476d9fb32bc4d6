//! The key of a row.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use form_urlencoded::Serializer;
use serde::{Deserialize, Serialize};

use super::text::{MAX_COLUMN_BYTES, bounded};
use crate::InvalidParameter;

/// The key of a row: its key columns with their values as text, ordered by column.
///
/// Its text has the form of a URL's query, such as `id=42`, so that it can contain any value. Serialised, it is a JSON object,
/// as stored with each change. A value is `None` if the column is NULL; such a key has no text that can be read again.
///
/// ```
/// use threadline::query::RowKey;
///
/// let key: RowKey = "order=7&line=2".parse()?;
/// assert_eq!(key, RowKey::from([("line", 2), ("order", 7)]));
/// assert_eq!(key.to_string(), "line=2&order=7");
/// assert_eq!(serde_json::to_string(&key)?, r#"{"line":"2","order":"7"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowKey(BTreeMap<String, Option<String>>);

impl RowKey {
    pub(crate) const EXPECTED: &str = "the key of a record such as id=42, or order=7&line=2";

    /// Parses the key of a table with these key columns, as [`Snapshot::key_columns`](crate::query::Snapshot::key_columns)
    /// returns them. If there is only one column, its value is enough. Without columns, a key with any columns is accepted.
    ///
    /// ```
    /// use threadline::query::RowKey;
    ///
    /// let columns = ["id".to_owned()];
    /// assert_eq!(RowKey::parse(&columns, "42")?, RowKey::parse(&columns, "id=42")?);
    /// assert!(RowKey::parse(&columns, "number=42").is_err());
    /// # Ok::<(), threadline::InvalidParameter>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidParameter`] for any other text.
    pub fn parse(columns: &[String], text: &str) -> Result<Self, InvalidParameter> {
        let key = match columns {
            [column] if !text.contains('=') && is_storable(text) => Ok(Self::from([(column, text)])),
            _ => text.parse(),
        };
        let has_columns = |key: &Self| columns.is_empty() || key.columns().eq(columns);
        key.ok().filter(has_columns).ok_or_else(|| {
            let example: Vec<String> = columns.iter().map(|column| format!("{column}=…")).collect();
            InvalidParameter::new(
                "key",
                text,
                match columns {
                    [] => "the key column too, as in id=42".into(),
                    [column] => format!("the value of {column} alone, or {}", example.join("&")),
                    _ => format!("every key column, as in {}", example.join("&")),
                },
            )
        })
    }

    /// Returns whether the key has no columns, as that of a TRUNCATE.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the key is known and no column of it is NULL, so that its text can be read again.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.is_empty() && self.0.values().all(Option::is_some)
    }

    /// Returns whether the key has this column.
    #[must_use]
    pub fn contains(&self, column: &str) -> bool {
        self.0.contains_key(column)
    }

    /// Returns the columns, sorted by name.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the columns with their values, sorted by name; `None` is NULL.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(column, value)| (column.as_str(), value.as_deref()))
    }

    /// Returns the value of a column; `None` if it is NULL, or if the key does not have the column.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        self.0.get(column)?.as_deref()
    }

    /// Returns the key with some values replaced.
    pub(super) fn with(mut self, replace: impl Fn(&str) -> Option<Option<String>>) -> Self {
        for (column, value) in &mut self.0 {
            if let Some(replaced) = replace(column) {
                *value = replaced;
            }
        }
        self
    }

    fn read(text: &str) -> Option<Self> {
        let mut key = BTreeMap::new();
        for part in text.split('&') {
            let has_value = part.contains('=');
            let (column, value) = form_urlencoded::parse(part.as_bytes()).next().filter(|_| has_value)?;
            let column = bounded(&column, MAX_COLUMN_BYTES)?;
            if !is_storable(&value) || key.insert(column, Some(value.into_owned())).is_some() {
                return None;
            }
        }
        Some(Self(key))
    }
}

/// Returns whether PostgreSQL can store the text, and it was decoded without loss.
fn is_storable(text: &str) -> bool {
    !text.contains(['\0', char::REPLACEMENT_CHARACTER])
}

impl FromStr for RowKey {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        Self::read(text).ok_or_else(|| InvalidParameter::new("key", text, Self::EXPECTED))
    }
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut serializer = Serializer::new(String::new());
        for (column, value) in &self.0 {
            match value {
                Some(value) => serializer.append_pair(column, value),
                None => serializer.append_key_only(column),
            };
        }
        f.write_str(&serializer.finish())
    }
}

impl<C: Into<String>, V: ToString> FromIterator<(C, V)> for RowKey {
    fn from_iter<I: IntoIterator<Item = (C, V)>>(columns: I) -> Self {
        let pair = |(column, value): (C, V)| (column.into(), Some(value.to_string()));
        Self(columns.into_iter().map(pair).collect())
    }
}

impl<C: Into<String>, V: ToString, const N: usize> From<[(C, V); N]> for RowKey {
    fn from(columns: [(C, V); N]) -> Self {
        columns.into_iter().collect()
    }
}

impl<C: Into<String>, V: ToString> From<Vec<(C, V)>> for RowKey {
    fn from(columns: Vec<(C, V)>) -> Self {
        columns.into_iter().collect()
    }
}

impl From<&Self> for RowKey {
    fn from(key: &Self) -> Self {
        key.clone()
    }
}

impl IntoIterator for RowKey {
    type Item = (String, Option<String>);
    type IntoIter = std::collections::btree_map::IntoIter<String, Option<String>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_read_as_it_is_written() {
        for value in ["", "42", "a b", "a+b", "100%", "a&b=c", "größe 🦀", "\n"] {
            for key in [RowKey::from([("id", value)]), RowKey::from([("a b", value), ("c=&d", "x")])] {
                assert_eq!(key.to_string().parse().as_ref(), Ok(&key), "{key}");
            }
        }
    }

    #[test]
    fn text_that_is_no_key_is_refused() {
        let long = format!("{}=1", "x".repeat(64));
        for text in ["", "42", "id", "=1", "id=1&", "id=1&id=2", "id=%00", "id=%FF", "i%0Ad=1", &long] {
            let error = text.parse::<RowKey>().unwrap_err();
            assert_eq!((&*error.name, &*error.value), ("key", text));
        }
    }

    #[test]
    fn bare_value_is_the_key_of_a_table_with_one_key_column() {
        let columns = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        for (names, text, expected) in [
            (&["id"][..], "42", Ok("id=42")),
            (&["id"], "id=42", Ok("id=42")),
            (&["id"], "a&b", Ok("id=a%26b")),
            (&[], "id=42", Ok("id=42")),
            (&["line", "order"], "order=7&line=2", Ok("line=2&order=7")),
            (&[], "42", Err("the key column too, as in id=42")),
            (&["id"], "number=42", Err("the value of id alone, or id=…")),
            (&["id"], "4\0", Err("the value of id alone, or id=…")),
            (&["line", "order"], "7", Err("every key column, as in line=…&order=…")),
        ] {
            let read = RowKey::parse(&columns(names), text);
            let read = read.map(|key| key.to_string()).map_err(|error| error.expected.into_owned());
            assert_eq!(read.as_deref().map_err(|error| &**error), expected, "{text}");
        }
    }
}
