//! The questions of readers who may not see everything.

use chrono::{TimeDelta, Utc};
use threadline::{ActorKind, Predicate, Scope};

use super::ask::Ask;
use super::cases::{Bound, Case};
use super::places::Places;

/// What a scope hides is walked over where no index serves the scope.
pub(super) fn all(places: &Places) -> Vec<Case> {
    let (any, large, year_ago) = (String::new, places.large, Utc::now() - TimeDelta::days(365));
    let customer = || Predicate::field("customer", "7");
    let tables = || Predicate::tables(["t02", "t04", "billing.t03"]);
    let scopes: [(Predicate, Vec<(Ask, Bound)>); 7] = [
        // Half of all changes.
        (
            tables(),
            vec![
                (Ask::Timeline(any()), (6, 150)),
                (Ask::Count(any()), (2, 150)),
                (Ask::HasChanges, (0, 30)),
                (Ask::ActorHistory("user:1", any()), (14, 50)),
                (Ask::ActorWindow("user:1", any()), (9, 200)),
                (Ask::CorrelationBundle("case-200"), (3, 250)),
                (Ask::Transaction(large, any()), (3, 650)),
                (Ask::TransactionWithOldValues(large), (60, 100)),
                // A table that is hidden.
                (Ask::RowHistory(1, any()), (0, 0)),
                (Ask::AsOf(1, year_ago), (0, 0)),
                (Ask::Timeline("table=t01".to_owned()), (0, 0)),
            ],
        ),
        (
            Predicate::tables(["t20"]),
            vec![
                (Ask::Timeline(any()), (3, 60)),
                (Ask::Count(any()), (2, 60)),
                (Ask::HasChanges, (0, 30)),
                (Ask::ActorHistory("user:rare", any()), (3, 250)),
                // Read once more, to see whether there is anything to be seen.
                (Ask::Transaction(large, any()), (0, 1_300)),
            ],
        ),
        // One change in four.
        (
            Predicate::schema("billing"),
            vec![
                (Ask::Timeline(any()), (8, 50)),
                (Ask::Count(any()), (6, 50)),
                (Ask::HasChanges, (0, 30)),
                (Ask::ActorHistory("user:1", any()), (40, 50)),
                (Ask::ActorWindow("user:1", any()), (36, 800)),
                (Ask::RowHistory(1, any()), (0, 0)),
                (Ask::Transaction(large, any()), (0, 1_300)),
            ],
        ),
        // One change in forty.
        (
            customer(),
            vec![
                (Ask::Timeline(any()), (60, 50)),
                (Ask::Count(any()), (60, 50)),
                (Ask::HasChanges, (0, 150)),
                (Ask::RowHistory(1, any()), (100, 50)),
                (Ask::AsOf(1, year_ago), (0, 300)),
            ],
        ),
        // Both tables are walked until each has a page.
        (
            tables().and(customer()),
            vec![
                (Ask::Timeline(any()), (150, 50)),
                (Ask::Count(any()), (60, 250)),
                (Ask::HasChanges, (0, 500)),
            ],
        ),
        // Three in four.
        (
            Predicate::actor(ActorKind::User),
            vec![
                (Ask::Timeline(any()), (6, 50)),
                (Ask::Count(any()), (4, 50)),
                (Ask::RowHistory(1, any()), (20, 50)),
                (Ask::ActorHistory("user:1", any()), (9, 50)),
                (Ask::ActorWindow("user:1", any()), (16, 200)),
                (Ask::Transaction(large, any()), (3, 1_300)),
            ],
        ),
        (
            Predicate::tables::<[&str; 0]>([]),
            vec![
                (Ask::Timeline(any()), (0, 0)),
                (Ask::Count(any()), (0, 0)),
                (Ask::ActorWindow("user:1", any()), (0, 0)),
                (Ask::ActorHistory("user:1", any()), (0, 0)),
                (Ask::Transaction(large, any()), (0, 0)),
            ],
        ),
    ];
    let mut cases = Vec::new();
    for (predicate, asks) in scopes {
        let scope = Scope::new(predicate);
        cases.extend(asks.into_iter().map(|(ask, (per_row, beside))| Case {
            ask,
            scope: scope.clone(),
            per_row,
            beside,
        }));
    }
    cases
}
