//! The filter as pairs of texts: in a URL, in JSON, in TOML.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::keys::FILTER_KEYS;
use super::{Filter, ValueFilter};
use crate::InvalidParameter;
use crate::query::model::cursor::{Direction, Position};
use crate::query::model::timestamp::TimeRange;

impl Filter {
    /// Reads the decoded pairs of a URL's query: the filter's own keys, and `older` or `newer` for the position. A blank value
    /// counts as absent.
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
    /// # Ok::<(), threadline::InvalidParameter>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidParameter`] for an unknown key, a key that is given twice, a malformed value, a row key without a table, or a
    /// time range that ends before it begins.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(Self, Position), InvalidParameter> {
        let mut position = Position::Newest;
        let filter = Self::read(pairs, |name, value| {
            let direction = match name {
                "older" => Direction::Older,
                "newer" => Direction::Newer,
                _ => return Err(unknown(name, value, &["older", "newer"])),
            };
            if value.is_empty() {
                return Ok(());
            }
            if position != Position::Newest {
                return Err(InvalidParameter::new(name, value, "either older or newer, not both"));
            }
            let cursor = value.parse().map_err(|error: InvalidParameter| error.named(name))?;
            position = Position::after(direction, cursor);
            Ok(())
        })?;
        Ok((filter, position))
    }

    /// Returns the pairs from which [`from_pairs`](Self::from_pairs) reads the same filter.
    #[must_use]
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        FILTER_KEYS.iter().filter_map(|key| Some((key.name, (key.write)(self)?))).collect()
    }

    /// Reads the pairs that can be read, and leaves out the others: the conditions of a filter with a mistake. A key without its
    /// table is kept, because the table may be the mistake.
    ///
    /// ```
    /// use threadline::query::Filter;
    ///
    /// let filter = Filter::from_readable_pairs([("table", "tickets"), ("actor", "support"), ("from", "yesterday")]);
    /// assert_eq!(filter, Filter { table: Some("tickets".into()), ..Filter::default() });
    /// ```
    #[must_use]
    pub fn from_readable_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        pairs
            .into_iter()
            .fold(Self::default(), |filter, (name, value)| filter.with_pair(name, value).unwrap_or(filter))
    }

    /// Returns the filter with the condition of another pair in place of its own; none if the pair cannot be read.
    pub(in crate::query) fn with_pair(&self, name: &str, value: &str) -> Option<Self> {
        let key = FILTER_KEYS.iter().find(|key| key.name == name && !value.trim().is_empty())?;
        let mut filter = self.clone();
        key.read_into(&mut filter, value).ok()?;
        Some(filter)
    }

    fn read<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        mut read_other: impl FnMut(&'a str, &'a str) -> Result<(), InvalidParameter>,
    ) -> Result<Self, InvalidParameter> {
        let mut filter = Self::default();
        let mut seen = Vec::new();
        for (name, value) in pairs {
            if seen.contains(&name) {
                let is_secret = name == ValueFilter::KEY;
                let shown = if is_secret { ValueFilter::without_text(value) } else { value.to_owned() };
                return Err(InvalidParameter::new(name, &shown, "each key only once"));
            }
            seen.push(name);
            let (whole, value) = (value, value.trim());
            match FILTER_KEYS.iter().find(|key| key.name == name) {
                None => read_other(name, value)?,
                Some(_) if value.is_empty() => {}
                Some(key) => key.read_into(&mut filter, whole).map_err(|error| error.named(name))?,
            }
        }
        filter.check()?;
        Ok(filter)
    }

    /// Checks the rules about more than one key.
    fn check(&self) -> Result<(), InvalidParameter> {
        TimeRange::new(self.from, self.to)?;
        let key = FILTER_KEYS.iter().find(|key| key.name == "key" && self.only_table().is_none());
        match key.and_then(|key| Some((key, (key.write)(self)?))) {
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
