//! The queries within scopes.

use chrono::{TimeDelta, Utc};
use threadline::{ActorKind, Predicate, Scope};

use super::cases::{Bound, Case};
use super::positions::Positions;
use super::query::Query;

/// Returns the queries of readers with a limited scope. Hidden changes are read as well if no index serves the scope.
pub(super) fn all(positions: &Positions) -> Vec<Case> {
    let (any, large, year_ago) = (String::new, positions.large, Utc::now() - TimeDelta::days(365));
    let customer = || Predicate::field("customer", "7");
    let tables = || Predicate::tables(["t02", "t04", "billing.t03"]);
    let scopes: [(Predicate, Vec<(Query, Bound)>); 7] = [
        // This scope shows half of all changes.
        (
            tables(),
            vec![
                (Query::Timeline(any()), (6, 150)),
                (Query::Count(any()), (2, 150)),
                (Query::HasChanges, (0, 30)),
                // One visible change in thirty is by this actor.
                (Query::ActorHistory("user:1", any()), (80, 50)),
                (Query::ActorWindow("user:1", any()), (60, 50)),
                (Query::CorrelationBundle("case-200"), (3, 250)),
                (Query::Transaction(large, any()), (3, 650)),
                (Query::TransactionWithOldValues(large), (60, 100)),
                // The scope hides the table of these queries.
                (Query::RowHistory(1, any()), (0, 0)),
                (Query::AsOf(1, year_ago), (0, 0)),
                (Query::Timeline("table=t01".to_owned()), (0, 0)),
            ],
        ),
        (
            Predicate::tables(["t20"]),
            vec![
                (Query::Timeline(any()), (3, 60)),
                (Query::Count(any()), (2, 60)),
                (Query::HasChanges, (0, 30)),
                (Query::ActorHistory("user:rare", any()), (3, 250)),
                // The transaction is read once more, to check whether any change is visible.
                (Query::Transaction(large, any()), (0, 1_300)),
            ],
        ),
        // This scope shows one change in four.
        (
            Predicate::schema("billing"),
            vec![
                (Query::Timeline(any()), (8, 50)),
                (Query::Count(any()), (6, 50)),
                (Query::HasChanges, (0, 30)),
                (Query::ActorHistory("user:1", any()), (130, 50)),
                (Query::ActorWindow("user:1", any()), (90, 50)),
                (Query::RowHistory(1, any()), (0, 0)),
                (Query::Transaction(large, any()), (0, 1_300)),
            ],
        ),
        // This scope shows one change in forty.
        (
            customer(),
            vec![
                (Query::Timeline(any()), (60, 50)),
                (Query::Count(any()), (60, 50)),
                (Query::HasChanges, (0, 150)),
                (Query::RowHistory(1, any()), (100, 50)),
                (Query::AsOf(1, year_ago), (0, 300)),
            ],
        ),
        // Both tables are read until each has a page.
        (
            tables().and(customer()),
            vec![
                (Query::Timeline(any()), (150, 50)),
                (Query::Count(any()), (60, 250)),
                (Query::HasChanges, (0, 500)),
            ],
        ),
        // This scope shows three changes in four.
        (
            Predicate::actor(ActorKind::User),
            vec![
                (Query::Timeline(any()), (6, 50)),
                (Query::Count(any()), (4, 50)),
                (Query::RowHistory(1, any()), (20, 50)),
                (Query::ActorHistory("user:1", any()), (9, 50)),
                (Query::ActorWindow("user:1", any()), (16, 200)),
                (Query::Transaction(large, any()), (3, 1_300)),
            ],
        ),
        (
            Predicate::tables::<[&str; 0]>([]),
            vec![
                (Query::Timeline(any()), (0, 0)),
                (Query::Count(any()), (0, 0)),
                (Query::ActorWindow("user:1", any()), (0, 0)),
                (Query::ActorHistory("user:1", any()), (0, 0)),
                (Query::Transaction(large, any()), (0, 0)),
            ],
        ),
    ];
    let mut cases = Vec::new();
    for (predicate, queries) in scopes {
        let scope = Scope::new(predicate);
        cases.extend(queries.into_iter().map(|(query, (per_row, beside))| Case {
            query,
            scope: scope.clone(),
            per_row,
            beside,
        }));
    }
    cases
}
