//! Criteria, a position and a time window as SQL conditions on changes called `c`.
//!
//! Some conditions are wrapped in `CASE … END`. The planner can match such a condition neither to an index nor to statistics, so
//! it only filters what another condition has found, and does not change the estimate.

use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};

use super::criteria::Criteria;
use super::schema_features::SchemaFeatures;
use super::thresholds::CLOCK_TOLERANCE_SQL;
use super::time_windows::TimeWindow;
use crate::query::model::cursor::{Cursor, Direction, Position};
use crate::query::model::filter::{ActorFilter, Filter};
use crate::query::model::row_key::RowKey;
use crate::scope::Condition;
use crate::{ActorKind, Scope, StorageSchema, TableName};

/// The end of a statement to which conditions are appended.
pub(in crate::query) struct WhereClause<'a> {
    pub(super) sql: &'a mut QueryBuilder<Postgres>,
    pub(super) schema: &'a StorageSchema,
    pub(super) features: SchemaFeatures,
}

impl WhereClause<'_> {
    /// Pushes `true` and, each after `AND`, everything that a change has to meet.
    pub(in crate::query) fn push(&mut self, criteria: Criteria<'_>, position: Position, window: TimeWindow) {
        let Criteria { scope, filter, transaction, .. } = criteria;
        self.sql.push("true");
        if let Some(from) = window.from {
            self.sql.push(" AND c.captured_at >= ").push_bind(from);
        }
        if let Some(until) = window.until {
            self.sql.push(" AND c.captured_at < ").push_bind(until);
        }
        if let Some(last) = window.last {
            push_up_to_cursor(self.sql, ["c.captured_at", "c.id"], position.direction(), last);
        }
        if let Some(transaction) = transaction {
            self.sql.push(" AND c.transaction_id = ").push_bind(transaction);
        }
        if !criteria.without_transactions.is_empty() {
            self.sql
                .push(" AND c.transaction_id <> ALL (")
                .push_bind(criteria.without_transactions.to_vec())
                .push(")");
        }
        if let Some(tables) = &filter.table {
            self.push_tables(tables);
        }
        if let Some(key) = &filter.key {
            self.push_key(key);
        }
        if let Some(operations) = &filter.operation {
            self.push_operations(operations);
        }
        match (&filter.field, &filter.value) {
            (Some(fields), None) => self.push_fields(fields),
            // With a value beside them, the fields are those whose values are compared, also where the row was created or deleted.
            (Some(fields), Some(_)) => {
                if let Some(field) = fields.only() {
                    self.sql.push(" AND ");
                    self.push_set_or_changed(field);
                }
            }
            (None, _) => {}
        }
        if let Some(from) = filter.from {
            self.sql.push(" AND c.captured_at >= ").push_bind(from);
        }
        if let Some(to) = filter.to {
            self.sql.push(" AND c.captured_at <= ").push_bind(to);
        }
        if let Some(condition) = scope.condition() {
            self.sql.push(" AND ");
            self.push_scope(condition);
        }
        if let Some(value) = &filter.value {
            self.push_visible_value(scope, filter.field.as_ref(), value);
        }
        if filter.has_transaction_conditions() {
            self.push_visible_transaction_exists(scope, filter);
        }
        if criteria.is_newest_of_transaction {
            self.push_newest_of_transaction(scope);
        }
        if let Some(cursor) = position.cursor() {
            push_after_cursor(self.sql, ["c.captured_at", "c.id"], position.direction(), cursor);
        }
    }

    /// Pushes that the scope shows no newer change of the transaction of `c`.
    fn push_newest_of_transaction(&mut self, scope: &Scope) {
        self.sql.push(self.schema.fill(
            " AND NOT EXISTS (SELECT FROM (SELECT c.transaction_id, c.captured_at, c.id) AS this
                CROSS JOIN LATERAL (SELECT FROM __schema__.audit_changes AS c
                  WHERE c.transaction_id = this.transaction_id AND c.captured_at >= this.captured_at
                    AND (c.captured_at, c.id) > (this.captured_at, this.id) AND ",
        ));
        let any = Filter::default();
        self.push(Criteria::new(scope, &any), Position::Newest, TimeWindow::default());
        self.sql.push(" OFFSET 0) AS newer)");
    }

    /// Pushes that the row has the key after the change, or had it before and lost it.
    fn push_key(&mut self, key: &RowKey) {
        self.sql.push(" AND (c.table_pk = ").push_bind(Json(key.clone()));
        if self.features.has_old_keys {
            self.sql.push(" OR c.old_pk = ").push_bind(Json(key.clone()));
        } else if self.features.has_changed_from {
            // Trails of the Elixir library keep the old key among the old values.
            let columns: Vec<String> = key.columns().map(str::to_owned).collect();
            self.sql.push(" OR c.op = 'update' AND c.changed_from ?| ").push_bind(columns.clone());
            self.sql.push(" AND c.table_pk || (SELECT coalesce(jsonb_object_agg(k, c.changed_from ->> k), '{}') FROM unnest(");
            self.sql
                .push_bind(columns)
                .push("::text[]) AS k WHERE c.changed_from ? k) = ")
                .push_bind(Json(key.clone()));
        }
        self.sql.push(")");
    }

    /// Pushes that the transaction of a change that the scope shows meets the filter. PostgreSQL evaluates the cheaper condition
    /// first. Where the scope is as costly, because it is about the actor, `CASE` makes it evaluate the scope first, so that the
    /// work for a hidden change does not depend on the filter.
    fn push_visible_transaction_exists(&mut self, scope: &Scope, filter: &Filter) {
        match scope.condition().filter(|condition| condition.is_about_actor()) {
            None => {
                self.sql.push(" AND ");
                self.push_transaction_exists(filter);
            }
            Some(condition) => {
                self.sql.push(" AND CASE WHEN ");
                self.push_scope(condition);
                self.sql.push(" THEN ");
                self.push_transaction_exists(filter);
                self.sql.push(" ELSE false END");
            }
        }
    }

    /// Pushes that the change's transaction `t`, and its action `a`, meet the filter.
    fn push_transaction_exists(&mut self, filter: &Filter) {
        if self.features.has_action_names && filter.correlation_id.is_none() && filter.request_id.is_none() {
            self.push_transaction_join("");
            self.push_transaction_filter(filter);
        } else {
            self.push_transaction_join(join_of_action(filter));
            self.push_actors(filter);
            self.push_action(filter);
        }
        self.sql.push(" OFFSET 0)");
    }

    /// Pushes the beginning of a subquery on the change's transaction `t`.
    ///
    /// The subquery ends with `OFFSET 0`, so that it runs for each change in turn. The planner would turn it into a join
    /// otherwise, and start from all transactions that meet the conditions.
    fn push_transaction_join(&mut self, actions: &str) {
        let time = if self.features.has_occurred_at { " AND t.occurred_at = c.occurred_at" } else { "" };
        self.sql.push(self.schema.fill(&format!(
            "EXISTS (SELECT FROM __schema__.audit_transactions AS t{actions} WHERE t.id = c.transaction_id{time}"
        )));
    }

    /// Pushes the conditions of the filter that columns of the transaction `t` answer.
    pub(in crate::query) fn push_transaction_filter(&mut self, filter: &Filter) {
        self.push_actors(filter);
        if let Some(actions) = &filter.action {
            self.push_actions("t.action_name", actions);
        }
    }

    /// Pushes like [`push_transaction_filter`](Self::push_transaction_filter), but in a form that no index serves.
    pub(in crate::query) fn push_residual_transaction_filter(&mut self, filter: &Filter) {
        if filter.has_transaction_conditions() {
            self.sql.push(" AND CASE WHEN true");
            self.push_transaction_filter(filter);
            self.sql.push(" THEN true ELSE false END");
        }
    }

    /// Pushes the conditions of the filter on actions `a`, which may be missing.
    pub(in crate::query) fn push_action(&mut self, filter: &Filter) {
        if let Some(actions) = &filter.action {
            self.push_actions("a.name", actions);
        }
        for (column, value) in
            [("correlation_id", &filter.correlation_id), ("request_id", &filter.request_id)]
        {
            if let Some(value) = value {
                self.sql.push(format!(" AND a.{column} = ")).push_bind(value.clone());
            }
        }
    }

    /// Pushes that the transaction `t` is by this actor, on behalf of whomever.
    pub(in crate::query) fn push_actor(&mut self, actor: &ActorFilter) {
        // The columns are filled from valid actors only, so a transaction that is shown without an actor matches none.
        if !self.features.has_actor_columns {
            self.push_actor_json("t.actor_ref", actor);
        } else if let Some(id) = &actor.id {
            self.sql.push(self.schema.fill(" AND t.actor_key = __schema__.threadline_actor_key("));
            self.sql.push_bind(actor.kind.as_str()).push(", ").push_bind(id.clone()).push(")");
        } else {
            self.sql.push(" AND t.actor_type = ").push_bind(actor.kind.as_str());
        }
    }

    /// Pushes that the JSON is this actor, by the rules of [`ActorRef::from_recorded_json`](crate::ActorRef): a type other
    /// than anonymous needs an id that is text. A transaction that is shown without an actor must not match one.
    pub(super) fn push_actor_json(&mut self, json: &str, actor: &ActorFilter) {
        self.sql.push(format!(" AND {json} ->> 'type' = ")).push_bind(actor.kind.as_str());
        if let Some(id) = &actor.id {
            self.sql.push(format!(" AND {json} ->> 'id' = ")).push_bind(id.clone());
        }
        if actor.kind != ActorKind::Anonymous {
            self.sql.push(format!(
                " AND CASE WHEN jsonb_typeof({json} -> 'id') = 'string' AND {json} ->> 'id' <> ''
                      THEN true ELSE false END"
            ));
        }
    }

    /// Pushes that the scope shows at least one change of the transaction `t`.
    pub(in crate::query) fn push_visible(&mut self, scope: &Scope) {
        if !scope.is_limited() {
            return;
        }
        // Both conditions on the time let PostgreSQL prune partitions.
        let time = if self.features.has_occurred_at {
            format!(
                " AND c.occurred_at = t.occurred_at AND c.captured_at >= t.occurred_at - {CLOCK_TOLERANCE_SQL}"
            )
        } else {
            String::new()
        };
        self.sql.push(self.schema.fill(&format!(
            " AND EXISTS (SELECT FROM __schema__.audit_changes AS c WHERE c.transaction_id = t.id{time} AND "
        )));
        let any = Filter::default();
        self.push(Criteria::new(scope, &any), Position::Newest, TimeWindow::default());
        self.sql.push(" OFFSET 0)");
    }

    pub(super) fn push_scope(&mut self, condition: &Condition) {
        match condition {
            Condition::Tables(tables) => {
                let (schemas, names) = schemas_and_names(tables);
                self.sql
                    .push("CASE WHEN (c.table_schema, c.table_name) IN (SELECT * FROM unnest(")
                    .push_bind(schemas);
                self.sql.push(", ").push_bind(names).push(")) THEN true ELSE false END");
            }
            Condition::Schema(schema) => {
                self.sql.push("c.table_schema = ").push_bind(schema.clone());
            }
            Condition::Field { column, value } => {
                let deleted = if self.features.has_changed_from { "c.changed_from" } else { "NULL::jsonb" };
                self.sql.push(format!("CASE c.op WHEN 'delete' THEN {deleted} ELSE c.data_after END ->> "));
                self.sql.push_bind(column.clone()).push(" = ").push_bind(value.clone());
            }
            Condition::Actor(actor) => {
                self.push_transaction_join("");
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
        self.push_scope(one);
        self.sql.push(format!(" {operator} "));
        self.push_scope(other);
        self.sql.push(")");
    }
}

/// Returns the join with the action `a` of the transaction `t`, if the filter asks for it. Excluding actions selects transactions without
/// one as well.
fn join_of_action(filter: &Filter) -> &'static str {
    let is_excluded = filter.action.as_ref().is_some_and(|actions| actions.included().is_empty());
    match filter.correlation_id.is_some() || filter.request_id.is_some() || filter.action.is_some() {
        true if is_excluded => " LEFT JOIN __schema__.audit_actions AS a ON a.id = t.action_id",
        true => " JOIN __schema__.audit_actions AS a ON a.id = t.action_id",
        false => "",
    }
}

/// Pushes the keyset condition `(time, id) < (…, …)`, or `>` for newer rows. PostgreSQL does not prune partitions by a comparison
/// of pairs, so the time is compared once more by itself.
pub(in crate::query) fn push_after_cursor(
    sql: &mut QueryBuilder<Postgres>,
    [time, id]: [&str; 2],
    direction: Direction,
    cursor: Cursor,
) {
    let comparison = direction.comparison();
    sql.push(format!(" AND {time} {comparison}= ")).push_bind(cursor.captured_at);
    sql.push(format!(" AND ({time}, {id}) {comparison} (")).push_bind(cursor.captured_at);
    sql.push(", ").push_bind(cursor.id).push(")");
}

/// Pushes that a row does not come after this one in the direction of reading.
fn push_up_to_cursor(
    sql: &mut QueryBuilder<Postgres>,
    [time, id]: [&str; 2],
    direction: Direction,
    last: Cursor,
) {
    let comparison = match direction {
        Direction::Older => ">=",
        Direction::Newer => "<=",
    };
    sql.push(format!(" AND {time} {comparison} ")).push_bind(last.captured_at);
    sql.push(format!(" AND ({time}, {id}) {comparison} (")).push_bind(last.captured_at);
    sql.push(", ").push_bind(last.id).push(")");
}

/// Pushes the order in which rows are read in this direction.
pub(in crate::query) fn push_order(
    sql: &mut QueryBuilder<Postgres>,
    [time, id]: [&str; 2],
    direction: Direction,
) {
    let order = direction.order();
    sql.push(format!(" ORDER BY {time} {order}, {id} {order}"));
}

/// Pushes a limit. A generic plan expects a bound limit to return a tenth of the rows, and may sort them all; `LIMIT 1` is a
/// literal, because that costs most where one row is wanted.
pub(in crate::query) fn push_limit(sql: &mut QueryBuilder<Postgres>, limit: usize) {
    if limit == 1 {
        sql.push(" LIMIT 1");
    } else {
        sql.push(" LIMIT ").push_bind(to_bigint(limit));
    }
}

/// Returns the number as PostgreSQL's `bigint`, or the largest one.
pub(in crate::query) fn to_bigint(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Returns the columns of a list of tables, to be bound as two arrays.
pub(in crate::query) fn schemas_and_names<'t>(
    tables: impl IntoIterator<Item = &'t TableName>,
) -> (Vec<String>, Vec<String>) {
    tables.into_iter().map(|table| (table.schema().to_owned(), table.name().to_owned())).unzip()
}
