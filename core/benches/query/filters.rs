//! The filters that are asked for: each key alone, each pair of keys, with common and with rare values.

use threadline::query::{FILTER_KEYS, Filter};

use crate::Result;
use crate::samples::{Pairs, Samples, pair};

/// Filters of one kind.
#[derive(Debug)]
pub(crate) struct Filters {
    pub(crate) name: String,
    pub(crate) filters: Vec<Filter>,
}

/// As many of one kind are enough.
const MANY: usize = 20;

pub(crate) fn single(samples: &Samples) -> Result<Vec<Filters>> {
    let values = samples.values.iter();
    let kinds = values.map(|(key, class, all)| (format!("{class} {key}"), all.clone()));
    kinds.map(|(name, all)| Filters::read(name, all)).collect()
}

/// Values that have nothing to do with each other, each as common or rare as it comes, and values of one change.
pub(crate) fn pairs(samples: &Samples) -> Result<Vec<Filters>> {
    let mut kinds = Vec::new();
    for (at, one) in FILTER_KEYS.iter().enumerate() {
        for other in &FILTER_KEYS[at + 1..] {
            let name = format!("{} + {}", one.name, other.name);
            for (first, class, some) in &samples.values {
                for (second, other_class, more) in &samples.values {
                    if first.trim_end_matches(" type") != one.name
                        || second.trim_end_matches(" type") != other.name
                    {
                        continue;
                    }
                    let all = cross(some, more);
                    let of_type = if first.len() + second.len() > name.len() - 3 { ", by type" } else { "" };
                    kinds.push(Filters::read(format!("{name}: {class}, {other_class}{of_type}"), all)?);
                }
            }
            let together = samples.changes.iter().filter_map(|change| {
                let mut pairs =
                    vec![pair(one.name, change.get(one.name)?), pair(other.name, change.get(other.name)?)];
                if other.name == "key" || one.name == "key" {
                    pairs.push(pair("table", change.get("table")?));
                }
                pairs.dedup();
                Some(pairs)
            });
            kinds.push(Filters::read(format!("{name}: of one change"), together.collect())?);
        }
    }
    kinds.retain(|kind| !kind.filters.is_empty());
    Ok(kinds)
}

/// The rarest actors in the busiest tables.
pub(crate) fn worst(samples: &Samples) -> Result<Filters> {
    let values = |key: &str, class: &str| {
        let found = samples.values.iter().find(|(k, c, _)| k == key && c == class);
        found.map(|(.., values)| values.as_slice()).unwrap_or_default()
    };
    Filters::read("rare actor + busy table".into(), cross(values("actor", "rare"), values("table", "common")))
}

/// Pairs of pairs, so that each value comes early.
fn cross(some: &[Pairs], more: &[Pairs]) -> Vec<Pairs> {
    let number = some.len() * more.len();
    let at = |n: usize| (n % some.len(), (n + n / some.len()) % more.len());
    let all = (0..number).map(at).map(|(one, other)| [some[one].as_slice(), &more[other]].concat());
    all.take(MANY).collect()
}

impl Filters {
    /// What cannot be asked for, such as a window that ends before it begins, and a table given twice, is left out.
    fn read(name: String, all: Vec<Pairs>) -> Result<Self> {
        let mut filters = Vec::new();
        for pairs in all {
            let keys: std::collections::BTreeSet<_> = pairs.iter().map(|(key, _)| key).collect();
            if keys.len() == pairs.len()
                && let Ok((filter, _)) =
                    Filter::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
            {
                filters.push(filter);
            }
        }
        Ok(Self { name, filters })
    }
}
