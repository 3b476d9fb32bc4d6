//! The filters of the cases: each key alone and each pair of keys, with common and with rare values.

use std::collections::BTreeSet;

use threadline::query::{FILTER_KEYS, Filter};

use super::values::{Pairs, Values, pair};

/// Filters of one kind.
#[derive(Debug)]
pub(super) struct Filters {
    pub(super) name: String,
    pub(super) filters: Vec<Filter>,
}

/// The number of filters of one kind.
const MAX_FILTERS: usize = 20;

pub(super) fn single(values: &Values) -> Vec<Filters> {
    let kinds = values.filters.iter().map(|(key, class, all)| (format!("{class} {key}"), all.clone()));
    kinds.map(|(name, all)| Filters::read(name, all)).collect()
}

/// Returns filters by independent values, common or rare, and filters by two values of one change.
pub(super) fn pairs(values: &Values) -> Vec<Filters> {
    let mut kinds = Vec::new();
    for (at, one) in FILTER_KEYS.iter().enumerate() {
        for other in &FILTER_KEYS[at + 1..] {
            let name = format!("{} + {}", one.name, other.name);
            for (first, class, some) in &values.filters {
                for (second, other_class, more) in &values.filters {
                    if first.trim_end_matches(" type") != one.name
                        || second.trim_end_matches(" type") != other.name
                    {
                        continue;
                    }
                    let all = cross(some, more);
                    let of_type = if first.len() + second.len() > name.len() - 3 { ", by type" } else { "" };
                    kinds.push(Filters::read(format!("{name}: {class}, {other_class}{of_type}"), all));
                }
            }
            let together = values.changes.iter().filter_map(|change| {
                let mut pairs =
                    vec![pair(one.name, change.get(one.name)?), pair(other.name, change.get(other.name)?)];
                if other.name == "key" || one.name == "key" {
                    pairs.push(pair("table", change.get("table")?));
                }
                pairs.dedup();
                Some(pairs)
            });
            kinds.push(Filters::read(format!("{name}: of one change"), together.collect()));
        }
    }
    kinds.retain(|kind| !kind.filters.is_empty());
    kinds
}

/// Returns filters by the rarest actors and the busiest tables.
pub(super) fn worst(values: &Values) -> Filters {
    let values = |key: &str, class: &str| {
        let found = values.filters.iter().find(|(k, c, _)| k == key && c == class);
        found.map(|(.., values)| values.as_slice()).unwrap_or_default()
    };
    Filters::read("rare actor + busy table".into(), cross(values("actor", "rare"), values("table", "common")))
}

/// Returns combinations of both, of which the first ones contain each value.
fn cross(some: &[Pairs], more: &[Pairs]) -> Vec<Pairs> {
    let number = some.len() * more.len();
    let at = |n: usize| (n % some.len(), (n + n / some.len()) % more.len());
    let all = (0..number).map(at).map(|(one, other)| [some[one].as_slice(), &more[other]].concat());
    all.take(MAX_FILTERS).collect()
}

impl Filters {
    /// Leaves out filters that are not valid, such as a window that ends before it starts or a table given twice.
    fn read(name: String, all: Vec<Pairs>) -> Self {
        let mut filters = Vec::new();
        for pairs in all {
            let keys: BTreeSet<_> = pairs.iter().map(|(key, _)| key).collect();
            if keys.len() == pairs.len()
                && let Ok((filter, _)) =
                    Filter::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
            {
                filters.push(filter);
            }
        }
        Self { name, filters }
    }
}
