//! Finds the conditions that exclude everything, by leaving out each in turn.

use super::ExcludingCondition;
use super::budget::Budget;
use crate::Scope;
use crate::query::engine::criteria::Criteria;
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;

/// The conditions in the order in which they are tried: those that people change first.
const CONDITIONS: [&str; 11] = [
    // A search for a value takes longest, so the only one without it comes first.
    "value",
    ExcludingCondition::WINDOW,
    "field",
    "action",
    "actor",
    "on_behalf_of",
    "operation",
    "key",
    "correlation_id",
    "request_id",
    "table",
];

/// Returns the filter without a condition; none if it does not have it. A key cannot stay without its table.
pub(super) fn without(filter: &Filter, key: &str) -> Option<Filter> {
    let mut rest = filter.clone();
    match key {
        ExcludingCondition::WINDOW => (rest.from, rest.to) = (None, None),
        "field" => rest.field = None,
        "value" => rest.value = None,
        "action" => rest.action = None,
        "actor" => rest.actor = None,
        "on_behalf_of" => rest.on_behalf_of = None,
        "operation" => rest.operation = None,
        "key" => rest.key = None,
        "correlation_id" => rest.correlation_id = None,
        "request_id" => rest.request_id = None,
        "table" => (rest.table, rest.key) = (None, None),
        _ => return None,
    }
    (rest != *filter).then_some(rest)
}

impl Budget<'_, '_> {
    /// Returns those of the conditions for which `is_tried` holds and without which there are changes, as far as the time suffices.
    pub(super) async fn excluding(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        is_tried: impl Fn(&str) -> bool + Send,
    ) -> Result<Vec<ExcludingCondition>, QueryError> {
        let mut excluding = Vec::new();
        for key in CONDITIONS {
            let Some(rest) = without(filter, key).filter(|_| is_tried(key)) else { continue };
            // The table takes its key with it, which suffices.
            if key == "table" && excluding.iter().any(|found: &ExcludingCondition| found.key == "key") {
                continue;
            }
            let criteria = Criteria::new(scope, &rest);
            let Some(newest) = self.newest(criteria, 1).await? else { break };
            let Some(newest) = newest.first().map(|row| row.change.captured_at) else { continue };
            let Some(count) = self.count(criteria).await? else { break };
            excluding.push(ExcludingCondition { key, filter: rest, count, newest });
        }
        Ok(excluding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::model::filter::FILTER_KEYS;

    #[test]
    fn every_key_of_the_filter_belongs_to_a_condition() {
        let pairs = [
            ("table", "tickets"),
            ("key", "id=1"),
            ("operation", "update"),
            ("field", "a"),
            ("value", "x"),
            ("actor", "user:1"),
            ("on_behalf_of", "user:2"),
            ("action", "a.b"),
            ("correlation_id", "c"),
            ("request_id", "r"),
            ("from", "2026-01-01T00:00"),
            ("to", "2026-01-02T00:00"),
        ];
        assert_eq!(pairs.len(), FILTER_KEYS.len());
        let (filter, _) = Filter::from_pairs(pairs).unwrap();
        let mut left_out: Vec<&str> = Vec::new();
        for key in CONDITIONS {
            let rest = without(&filter, key).unwrap().to_pairs();
            left_out.extend(
                FILTER_KEYS
                    .iter()
                    .map(|key| key.name)
                    .filter(|name| !rest.iter().any(|(key, _)| key == name)),
            );
            assert_eq!(without(&Filter::default(), key), None);
        }
        left_out.sort_unstable();
        left_out.dedup();
        assert_eq!(left_out.len(), FILTER_KEYS.len());
        assert_eq!(without(&filter, "table").unwrap().key, None);
    }
}
