//! The conditions of a filter that accept several values, as SQL on changes called `c`, their transactions `t` and actions `a`.
//!
//! A condition on one value is written so that an index can serve it, where there is one. Others are residual predicates.

use super::where_clause::WhereClause;
use crate::TableName;
use crate::query::model::filter::{Filter, Selection};
use crate::query::model::operation::Operation;

impl WhereClause<'_> {
    /// Pushes that the change is of one of these tables. Beside the condition on the hash of the table, the planner would multiply both
    /// and expect almost no rows, so it stands in a `CASE`.
    pub(super) fn push_tables(&mut self, tables: &Selection<TableName>) {
        if let Some(table) = tables.only() {
            self.sql.push(" AND CASE WHEN c.table_schema = ").push_bind(table.schema().to_owned());
            self.sql.push(" AND c.table_name = ").push_bind(table.name().to_owned());
            self.sql.push(" THEN true ELSE false END");
            return;
        }
        self.push_selection(tables, |clause, table| {
            clause.sql.push("c.table_schema = ").push_bind(table.schema().to_owned());
            clause.sql.push(" AND c.table_name = ").push_bind(table.name().to_owned());
        });
    }

    pub(super) fn push_operations(&mut self, operations: &Selection<Operation>) {
        match operations.only() {
            // A literal, so that a generic plan can use the partial index of TRUNCATEs.
            Some(operation) => drop(self.sql.push(format!(" AND c.op = '{}'", operation.as_str()))),
            None => self.push_selection(operations, |clause, operation| {
                clause.sql.push(format!("c.op = '{}'", operation.as_str()));
            }),
        }
    }

    /// Pushes that the change is an update of one of these fields, and of none of those that are excluded.
    pub(super) fn push_fields(&mut self, fields: &Selection<String>) {
        match fields.only() {
            Some(field) => {
                self.sql.push(" AND (c.changed_fields @> ARRAY[").push_bind(field.clone()).push("])");
            }
            None => self.push_selection(fields, |clause, field| {
                clause.sql.push("c.changed_fields @> ARRAY[").push_bind(field.clone()).push("]");
            }),
        }
    }

    pub(super) fn push_actions(&mut self, column: &str, actions: &Selection<String>) {
        match actions.only() {
            Some(action) => drop(self.sql.push(format!(" AND {column} = ")).push_bind(action.clone())),
            None => self.push_selection(actions, |clause, action| {
                clause.sql.push(format!("{column} = ")).push_bind(action.clone());
            }),
        }
    }

    /// Pushes the conditions of the filter on the actor of the transaction `t`, and on the one on whose behalf they acted.
    pub(in crate::query) fn push_actors(&mut self, filter: &Filter) {
        if let Some(actors) = &filter.actor {
            match actors.only() {
                Some(actor) => self.push_actor(actor),
                None => self.push_selection(actors, |clause, actor| {
                    clause.sql.push("true");
                    clause.push_actor(actor);
                }),
            }
        }
        if let Some(subjects) = &filter.on_behalf_of {
            self.push_selection(subjects, |clause, subject| {
                clause.sql.push("true");
                clause.push_actor_json("(t.actor_ref -> 'on_behalf_of')", subject);
            });
        }
    }

    /// Pushes a condition on a selection, whose values are pushed by a function. What is unknown is neither included nor excluded.
    fn push_selection<T>(&mut self, selection: &Selection<T>, push: impl Fn(&mut Self, &T)) {
        self.sql.push(" AND CASE");
        for (values, result) in [(selection.excluded(), "false"), (selection.included(), "true")] {
            for value in values {
                self.sql.push(" WHEN ");
                push(self, value);
                self.sql.push(format!(" THEN {result}"));
            }
        }
        self.sql.push(format!(" ELSE {} END", selection.included().is_empty()));
    }
}
