//! The filter as pairs of texts: in a URL, in JSON, in TOML.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::keys::{FILTER_KEYS, stamp};
use super::{Filter, InvalidParameter, Position};

impl Filter {
    /// Reads the decoded pairs of a URL's query: the filter's own keys, and `older` or `newer` for the position. Blank values
    /// count as absent; times are UTC.
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
    /// # Ok::<(), threadline::query::InvalidParameter>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidParameter`] for an unknown key, a key given twice, a malformed value, a key of a row without its table, or a window
    /// that ends before it begins.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(Self, Position), InvalidParameter> {
        let mut position = Position::Newest;
        let filter = Self::read(pairs, |key, value| {
            let place = match key {
                "older" => Position::OlderThan,
                "newer" => Position::NewerThan,
                _ => return Err(unknown(key, value, &["older", "newer"])),
            };
            if value.is_empty() {
                return Ok(());
            }
            if position != Position::Newest {
                return Err(InvalidParameter::new(key, value, "either older or newer, not both"));
            }
            position =
                place(value.parse().map_err(|error| InvalidParameter { key: key.to_owned(), ..error })?);
            Ok(())
        })?;
        Ok((filter, position))
    }

    /// The pairs from which [`from_pairs`](Self::from_pairs) makes the same filter.
    #[must_use]
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        FILTER_KEYS.iter().filter_map(|key| Some((key.name, (key.write)(self)?))).collect()
    }

    fn read<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        mut other: impl FnMut(&'a str, &'a str) -> Result<(), InvalidParameter>,
    ) -> Result<Self, InvalidParameter> {
        let mut filter = Self::default();
        let mut seen = Vec::new();
        for (name, value) in pairs {
            if seen.contains(&name) {
                return Err(InvalidParameter::new(name, value, "each key only once"));
            }
            seen.push(name);
            let value = value.trim();
            match FILTER_KEYS.iter().find(|key| key.name == name) {
                None => other(name, value)?,
                Some(_) if value.is_empty() => {}
                Some(key) => {
                    (key.read)(&mut filter, value)
                        .ok_or_else(|| InvalidParameter::new(name, value, key.expected))?;
                }
            }
        }
        filter.check()?;
        Ok(filter)
    }

    /// What no single key can tell.
    fn check(&self) -> Result<(), InvalidParameter> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            return Err(InvalidParameter::new("to", &stamp(to), "a time that is not before from"));
        }
        let lonely = FILTER_KEYS.iter().find(|key| key.name == "key" && self.table.is_none());
        match lonely.and_then(|key| Some((key, (key.write)(self)?))) {
            Some((key, value)) => Err(InvalidParameter::new(key.name, &value, key.expected)),
            None => Ok(()),
        }
    }
}

fn unknown(name: &str, value: &str, more: &[&str]) -> InvalidParameter {
    let names: Vec<&str> = FILTER_KEYS.iter().map(|key| key.name).chain(more.iter().copied()).collect();
    InvalidParameter::new(name, value, format!("one of the keys {}", names.join(", ")))
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_pairs().into_iter().collect::<BTreeMap<_, _>>().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = BTreeMap::<String, String>::deserialize(deserializer)?;
        let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        Self::read(pairs, |key, value| Err(unknown(key, value, &[]))).map_err(serde::de::Error::custom)
    }
}
