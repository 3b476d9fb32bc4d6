//! The filter and the scope as SQL, on changes called `c`.

use std::collections::BTreeMap;

use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::query::engine::schema_features::Layout;
use crate::query::engine::time_windows::Window;
use crate::query::{ActorFilter, Filter, Position};
use crate::scope::Condition;
use crate::{ActorKind, Scope, StorageSchema};

/// Which changes a question is about.
#[derive(Debug, Clone, Copy)]
pub(in crate::query) struct Selection<'a> {
    pub(in crate::query) scope: &'a Scope,
    pub(in crate::query) filter: &'a Filter,
    pub(in crate::query) transaction: Option<Uuid>,
    /// Besides the changes of the row that the filter names, each TRUNCATE of its table.
    pub(in crate::query) with_truncates: bool,
}

impl<'a> Selection<'a> {
    pub(in crate::query) const fn new(scope: &'a Scope, filter: &'a Filter) -> Self {
        Self { scope, filter, transaction: None, with_truncates: false }
    }

    /// Whether no change can meet it.
    pub(in crate::query) fn is_impossible(&self) -> bool {
        let condition = self.scope.condition();
        let shows_nothing = condition.and_then(Condition::tables).is_some_and(|tables| tables.is_empty());
        let hides = |table| condition.and_then(|condition| condition.names(table)) == Some(false);
        self.filter.is_impossible() || shows_nothing || self.filter.table.as_ref().is_some_and(hides)
    }
}

/// Whose index lists the transactions of an actor and an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum Lead {
    Actor,
    Action,
}

impl Lead {
    /// What the filter asks of the one that leads, within its window.
    pub(in crate::query) fn of(self, filter: &Filter) -> Filter {
        let window = Filter { from: filter.from, to: filter.to, ..Filter::default() };
        match self {
            Self::Actor => Filter { actor: filter.actor.clone(), ..window },
            Self::Action => Filter { action: filter.action.clone(), ..window },
        }
    }
}

/// SQL under construction, for one database.
pub(in crate::query) struct Conditions<'a> {
    pub(in crate::query) sql: &'a mut QueryBuilder<Postgres>,
    pub(in crate::query) schema: &'a StorageSchema,
    pub(in crate::query) layout: Layout,
}

impl Conditions<'_> {
    /// Everything that a change has to meet, beginning with `true`.
    pub(in crate::query) fn push(&mut self, selection: Selection<'_>, position: Position, window: Window) {
        let Selection { scope, filter, transaction, .. } = selection;
        self.sql.push("true");
        if let Some(from) = window.from {
            self.sql.push(" AND c.captured_at >= ").push_bind(from);
        }
        if let Some(until) = window.until {
            self.sql.push(" AND c.captured_at < ").push_bind(until);
        }
        if let Some(transaction) = transaction {
            self.sql.push(" AND c.transaction_id = ").push_bind(transaction);
        }
        if let Some(table) = &filter.table {
            // In a CASE, because with the same condition as a hash the planner would multiply the two and expect next to nothing.
            self.sql.push(" AND CASE WHEN c.table_schema = ").push_bind(table.schema().to_owned());
            self.sql
                .push(" AND c.table_name = ")
                .push_bind(table.name().to_owned())
                .push(" THEN true ELSE false END");
        }
        if let Some(key) = &filter.key {
            self.push_key(key);
        }
        if let Some(operation) = filter.operation {
            // Written out, so that a plan for whatever values come still knows the index of what is rare.
            self.sql.push(format!(" AND c.op = '{}'", operation.as_str()));
        }
        if let Some(field) = &filter.field {
            self.sql.push(" AND c.changed_fields @> ARRAY[").push_bind(field.clone()).push("]");
        }
        if let Some(from) = filter.from {
            self.sql.push(" AND c.captured_at >= ").push_bind(from);
        }
        if let Some(to) = filter.to {
            self.sql.push(" AND c.captured_at <= ").push_bind(to);
        }
        if filter.is_about_transactions() {
            self.sql.push(" AND ");
            self.push_transaction(filter);
        }
        if let Some(condition) = scope.condition() {
            self.sql.push(" AND ");
            self.push_condition(condition);
        }
        let (comparison, cursor) = match position {
            Position::Newest => return,
            Position::OlderThan(cursor) => ("<", cursor),
            Position::NewerThan(cursor) => (">", cursor),
        };
        // The time once more by itself, because partitions are not chosen by a comparison of pairs.
        self.sql.push(format!(" AND c.captured_at {comparison}= ")).push_bind(cursor.captured_at);
        self.sql.push(format!(" AND (c.captured_at, c.id) {comparison} (")).push_bind(cursor.captured_at);
        self.sql.push(", ").push_bind(cursor.id).push(")");
    }

    /// The row has the key after the change, or had it before and lost it.
    fn push_key(&mut self, key: &BTreeMap<String, String>) {
        self.sql.push(" AND (c.table_pk = ").push_bind(Json(key.clone()));
        if self.layout.has_old_keys {
            self.sql.push(" OR c.old_pk = ").push_bind(Json(key.clone()));
        } else if self.layout.has_changed_from {
            // The reference system keeps the old key among the old values.
            let columns: Vec<String> = key.keys().cloned().collect();
            self.sql.push(" OR c.op = 'update' AND c.changed_from ?| ").push_bind(columns.clone());
            self.sql.push(" AND c.table_pk || (SELECT coalesce(jsonb_object_agg(k, c.changed_from ->> k), '{}') FROM unnest(");
            self.sql
                .push_bind(columns)
                .push("::text[]) AS k WHERE c.changed_from ? k) = ")
                .push_bind(Json(key.clone()));
        }
        self.sql.push(")");
    }

    /// What the filter asks of the change's transaction `t` and its action `a`.
    fn push_transaction(&mut self, filter: &Filter) {
        if self.layout.has_action_names && filter.correlation_id.is_none() && filter.request_id.is_none() {
            self.push_join(false);
            self.push_origin(filter);
        } else {
            self.push_join(filter.is_about_actions());
            if let Some(actor) = &filter.actor {
                self.push_actor(actor);
            }
            self.push_action(filter);
        }
        self.sql.push(" OFFSET 0)");
    }

    /// What the filter asks of a transaction `t` by itself.
    pub(in crate::query) fn push_origin(&mut self, filter: &Filter) {
        if let Some(actor) = &filter.actor {
            self.push_actor(actor);
        }
        if let Some(action) = &filter.action {
            self.sql.push(" AND t.action_name = ").push_bind(action.clone());
        }
    }

    /// The same of a list of transactions that only one of them leads through: the other is put in a CASE, so that its index
    /// is no way.
    pub(in crate::query) fn push_origin_led(&mut self, filter: &Filter, lead: Lead) {
        let [leading, other] = match lead {
            Lead::Actor => [Lead::Actor, Lead::Action],
            Lead::Action => [Lead::Action, Lead::Actor],
        };
        self.push_origin(&leading.of(filter));
        let other = other.of(filter);
        if other.is_about_transactions() {
            self.sql.push(" AND CASE WHEN true");
            self.push_origin(&other);
            self.sql.push(" THEN true ELSE false END");
        }
    }

    /// What the filter asks of actions `a`.
    pub(in crate::query) fn push_action(&mut self, filter: &Filter) {
        for (column, value) in [
            ("name", &filter.action),
            ("correlation_id", &filter.correlation_id),
            ("request_id", &filter.request_id),
        ] {
            if let Some(value) = value {
                self.sql.push(format!(" AND a.{column} = ")).push_bind(value.clone());
            }
        }
    }

    /// The beginning of a question about the change's transaction. It ends with OFFSET 0, so that it is asked of each change in
    /// turn: as a join, the planner would begin with all transactions that meet it.
    fn push_join(&mut self, with_action: bool) {
        let actions =
            if with_action { " JOIN __schema__.audit_actions AS a ON a.id = t.action_id" } else { "" };
        let time = if self.layout.has_occurred_at { " AND t.occurred_at = c.occurred_at" } else { "" };
        self.sql.push(self.schema.fill(&format!(
            "EXISTS (SELECT FROM __schema__.audit_transactions AS t{actions} WHERE t.id = c.transaction_id{time}"
        )));
    }

    /// As the reference system does by containment: whom the actor stood in for makes no difference.
    pub(in crate::query) fn push_actor(&mut self, actor: &ActorFilter) {
        // The columns are filled from valid actors only, so a transaction that shows no actor matches none.
        if self.layout.has_actor_columns {
            match &actor.id {
                Some(id) => {
                    self.sql.push(self.schema.fill(" AND t.actor_key = __schema__.threadline_actor_key("));
                    self.sql.push_bind(actor.kind.as_str()).push(", ").push_bind(id.clone()).push(")")
                }
                None => self.sql.push(" AND t.actor_type = ").push_bind(actor.kind.as_str()),
            };
            return;
        }
        self.push_actor_ref(actor);
    }

    /// Pushes the condition that `t.actor_ref` is this actor, by the rules of [`ActorRef::from_json`](crate::ActorRef::from_json):
    /// without an id that is text, it is nobody, unless the type is anonymous. Whatever is shown without an actor must not match
    /// one.
    fn push_actor_ref(&mut self, actor: &ActorFilter) {
        self.sql.push(" AND t.actor_ref ->> 'type' = ").push_bind(actor.kind.as_str());
        if let Some(id) = &actor.id {
            self.sql.push(" AND t.actor_ref ->> 'id' = ").push_bind(id.clone());
        }
        if actor.kind != ActorKind::Anonymous {
            // In a CASE, because the planner would take the condition for a selective one, which it never is.
            self.sql.push(
                " AND CASE WHEN jsonb_typeof(t.actor_ref -> 'id') = 'string' AND t.actor_ref ->> 'id' <> ''
                      THEN true ELSE false END",
            );
        }
    }

    fn push_condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Tables(tables) => {
                let (schemas, names): (Vec<String>, Vec<String>) =
                    tables.iter().map(|table| (table.schema().to_owned(), table.name().to_owned())).unzip();
                self.sql
                    .push("CASE WHEN (c.table_schema, c.table_name) IN (SELECT * FROM unnest(")
                    .push_bind(schemas);
                self.sql.push(", ").push_bind(names).push(")) THEN true ELSE false END");
            }
            Condition::Schema(schema) => {
                self.sql.push("c.table_schema = ").push_bind(schema.clone());
            }
            Condition::Field { column, value } => {
                let deleted = if self.layout.has_changed_from { "c.changed_from" } else { "NULL::jsonb" };
                self.sql.push(format!("CASE c.op WHEN 'delete' THEN {deleted} ELSE c.data_after END ->> "));
                self.sql.push_bind(column.clone()).push(" = ").push_bind(value.clone());
            }
            Condition::Actor(actor) => {
                self.push_join(false);
                self.push_actor(actor);
                self.sql.push(" OFFSET 0)");
            }
            Condition::Since(moment) => {
                self.sql.push("c.captured_at >= ").push_bind(*moment);
            }
            Condition::And(one, other) => self.push_both(one, "AND", other),
            Condition::Or(one, other) => self.push_both(one, "OR", other),
        }
    }

    fn push_both(&mut self, one: &Condition, operator: &str, other: &Condition) {
        self.sql.push("(");
        self.push_condition(one);
        self.sql.push(format!(" {operator} "));
        self.push_condition(other);
        self.sql.push(")");
    }
}
