//! The filter within the scope: everything that a change has to meet.

use uuid::Uuid;

use crate::query::model::filter::{Filter, Selection};
use crate::query::model::operation::Operation;
use crate::scope::Condition;
use crate::{Scope, TableName};

/// The changes that a query is about.
#[derive(Debug, Clone, Copy)]
pub(in crate::query) struct Criteria<'a> {
    pub(in crate::query) scope: &'a Scope,
    pub(in crate::query) filter: &'a Filter,
    /// The transaction, where the query is about one.
    pub(in crate::query) transaction: Option<Uuid>,
    /// True if each TRUNCATE of the table belongs to the changes of the row that the filter names.
    pub(in crate::query) with_truncates: bool,
    /// True if a change counts only if the scope shows no newer change of its transaction, so that each transaction is found
    /// once.
    pub(in crate::query) is_newest_of_transaction: bool,
    /// Transactions whose changes do not count.
    pub(in crate::query) without_transactions: &'a [Uuid],
}

impl<'a> Criteria<'a> {
    pub(in crate::query) const fn new(scope: &'a Scope, filter: &'a Filter) -> Self {
        Self {
            scope,
            filter,
            transaction: None,
            with_truncates: false,
            is_newest_of_transaction: false,
            without_transactions: &[],
        }
    }

    /// Returns the same criteria with another filter.
    pub(in crate::query) const fn with_filter<'b>(&self, filter: &'b Filter) -> Criteria<'b>
    where
        'a: 'b,
    {
        Criteria { filter, ..*self }
    }

    /// Returns whether no change can meet the criteria, so that no statement is needed.
    pub(in crate::query) fn is_unsatisfiable(&self) -> bool {
        let condition = self.scope.condition();
        let shows_nothing = condition.and_then(Condition::tables).is_some_and(|tables| tables.is_empty());
        let hides_tables = self.selected_tables().is_some_and(|tables| tables.is_empty());
        self.filter.is_unsatisfiable() || shows_nothing || hides_tables
    }

    /// Returns the tables that the filter accepts, without those that the scope hides; none if it accepts every table that it does not
    /// exclude.
    pub(in crate::query) fn selected_tables(&self) -> Option<Vec<&'a TableName>> {
        let condition = self.scope.condition();
        let hides = |table| condition.and_then(|condition| condition.names(table)) == Some(false);
        let included =
            self.filter.table.as_ref().map(Selection::included).filter(|tables| !tables.is_empty());
        included.map(|tables| tables.iter().filter(|table| !hides(table)).collect())
    }

    /// Returns the scope and the filter of each TRUNCATE of the table of a row.
    pub(in crate::query) fn truncates(&self) -> (Scope, Filter) {
        let filter = Filter { key: None, operation: Some(Operation::Truncate.into()), ..self.filter.clone() };
        (self.scope.of_whole_tables(), filter)
    }
}
