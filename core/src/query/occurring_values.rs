//! The values that occur in a time window, for the conditions of a filter.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{QueryBuilder, Row};

use super::engine::criteria::Criteria;
use super::engine::index_path::push_first;
use super::engine::snapshot::Snapshot;
use super::engine::time_windows::TimeWindow;
use super::model::cursor::Position;
use super::model::error::QueryError;
use super::model::filter::Filter;
use super::model::page::Count;
use crate::{ActorRef, Scope, TableName};

/// The number of newest changes that are counted.
const MAX_CHANGES: usize = 5_000;
/// The number of values of each kind.
const MAX_VALUES: usize = 50;
/// The time for counting.
const TIME_LIMIT: Duration = Duration::from_millis(100);

/// The values that occur in the newest changes of a time window, each with its number of changes, the most frequent first. There are at
/// most 50 of each kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OccurringValues {
    /// The number of changes that were counted. It is truncated if the window has more.
    pub counted: Count,
    /// The actors.
    pub actors: Vec<(ActorRef, usize)>,
    /// The number of changes without a recorded actor.
    pub unsigned: usize,
    /// The names of actions.
    pub actions: Vec<(String, usize)>,
    /// The tables.
    pub tables: Vec<(TableName, usize)>,
    /// The fields that updates changed, in the tables that the filter selects.
    pub fields: Vec<(String, usize)>,
}

/// The numbers of changes that have been counted.
#[derive(Default)]
struct Counts {
    changes: usize,
    unsigned: usize,
    actors: HashMap<ActorRef, usize>,
    actions: HashMap<String, usize>,
    tables: HashMap<TableName, usize>,
    fields: HashMap<String, usize>,
}

impl Snapshot<'_> {
    /// Returns the values that occur in the time window of a filter: its actors, actions, tables and fields, counted in at most the newest
    /// 5,000 changes that the scope shows. The other conditions do not count, except that fields are those of the selected tables.
    ///
    /// Returns `None` if it takes more than 100 ms.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::{Filter, RelativeRange};
    ///
    /// let filter = Filter { from: RelativeRange::LastDay.before(chrono::Utc::now()).from, ..Filter::default() };
    /// if let Some(values) = trail.snapshot().await?.occurring_values(&Scope::unscoped(), &filter).await? {
    ///     for (actor, count) in values.actors {
    ///         println!("{actor}: {count}");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Database`].
    pub async fn occurring_values(
        &mut self,
        scope: &Scope,
        filter: &Filter,
    ) -> Result<Option<OccurringValues>, QueryError> {
        let limit = self.begin_deadline(Instant::now().checked_add(TIME_LIMIT)).await?;
        let counted = self.count_values(scope, filter).await;
        Ok(self.end_time_limit(limit, counted).await?.map(Counts::into_values))
    }

    async fn count_values(&mut self, scope: &Scope, filter: &Filter) -> Result<Counts, QueryError> {
        let mut counts = Counts::default();
        let window = Filter { from: filter.from, to: filter.to, ..Filter::default() };
        let criteria = Criteria::new(scope, &window);
        if criteria.is_unsatisfiable() {
            return Ok(counts);
        }
        for window in self.time_windows(criteria, Position::Newest) {
            // One more shows that there are more.
            let missing = (MAX_CHANGES + 1).saturating_sub(counts.changes);
            for row in self.fetch_all(self.count_of_window(criteria, window, missing)).await? {
                counts.add(&row, filter)?;
            }
            if counts.changes > MAX_CHANGES {
                break;
            }
        }
        Ok(counts)
    }

    /// Returns the statement that counts the values of one window: rows of a kind, the value, its table, and the number.
    fn count_of_window(
        &self,
        criteria: Criteria<'_>,
        window: TimeWindow,
        limit: usize,
    ) -> QueryBuilder<sqlx::Postgres> {
        let features = self.features();
        let time =
            if features.has_occurred_at { "c.occurred_at" } else { "NULL::timestamptz AS occurred_at" };
        let mut sql = QueryBuilder::new(format!(
            "WITH newest AS MATERIALIZED (
               SELECT c.transaction_id, {time}, c.table_schema, c.table_name, c.changed_fields"
        ));
        push_first(self, &mut sql, criteria, Position::Newest, window, limit);
        let same_time = if features.has_occurred_at { " AND t.occurred_at = made.occurred_at" } else { "" };
        let (action, actions) = match features.has_action_names {
            true => ("t.action_name", ""),
            false => ("a.name", " LEFT JOIN __schema__.audit_actions AS a ON a.id = t.action_id"),
        };
        sql.push(self.fill(&format!(
            "), transactions AS MATERIALIZED (
               SELECT t.actor, t.action, made.changes
               FROM (SELECT transaction_id, occurred_at, count(*) AS changes FROM newest GROUP BY 1, 2) AS made
               CROSS JOIN LATERAL (
                 SELECT CASE WHEN jsonb_typeof(t.actor_ref) = 'object' THEN t.actor_ref - 'on_behalf_of' END AS actor,
                        {action} AS action
                 FROM __schema__.audit_transactions AS t{actions} WHERE t.id = made.transaction_id{same_time}
                 OFFSET 0) AS t)
             SELECT 'table' AS kind, NULL::jsonb AS actor, NULL::text AS name, table_schema, table_name, count(*) AS changes
             FROM newest GROUP BY table_schema, table_name
             UNION ALL SELECT 'field', NULL, field, table_schema, table_name, count(*)
             FROM newest CROSS JOIN LATERAL unnest(changed_fields) AS field GROUP BY field, table_schema, table_name
             UNION ALL SELECT 'actor', actor, NULL, NULL, NULL, sum(changes)::bigint FROM transactions GROUP BY actor
             UNION ALL SELECT 'action', NULL, action, NULL, NULL, sum(changes)::bigint
             FROM transactions WHERE action IS NOT NULL GROUP BY action",
        )));
        sql
    }
}

impl Counts {
    fn add(&mut self, row: &PgRow, filter: &Filter) -> Result<(), sqlx::Error> {
        let changes = usize::try_from(row.try_get::<i64, _>("changes")?).unwrap_or(usize::MAX);
        let table = || {
            let [schema, name] =
                ["table_schema", "table_name"].map(|column| row.try_get::<String, _>(column));
            Ok::<_, sqlx::Error>(TableName::new(schema?, name?))
        };
        match row.try_get("kind")? {
            "table" => {
                self.changes += changes;
                *self.tables.entry(table()?).or_default() += changes;
            }
            "field" if filter.selects_table(&table()?) => {
                *self.fields.entry(row.try_get("name")?).or_default() += changes;
            }
            "actor" => {
                let actor: Option<Json<Value>> = row.try_get("actor")?;
                match actor.and_then(|actor| ActorRef::from_recorded_json(&actor.0).ok()) {
                    Some(actor) => *self.actors.entry(actor).or_default() += changes,
                    None => self.unsigned += changes,
                }
            }
            "action" => *self.actions.entry(row.try_get("name")?).or_default() += changes,
            _ => {}
        }
        Ok(())
    }

    fn into_values(self) -> OccurringValues {
        let counted = match self.changes > MAX_CHANGES {
            true => Count::Truncated(MAX_CHANGES),
            false => Count::Exact(self.changes),
        };
        OccurringValues {
            counted,
            actors: most_frequent(self.actors, ToString::to_string),
            unsigned: self.unsigned,
            actions: most_frequent(self.actions, Clone::clone),
            tables: most_frequent(self.tables, ToString::to_string),
            fields: most_frequent(self.fields, Clone::clone),
        }
    }
}

/// Returns the most frequent values, in the order of their names where they are equally frequent.
fn most_frequent<T: Eq + Hash>(counts: HashMap<T, usize>, name: impl Fn(&T) -> String) -> Vec<(T, usize)> {
    let mut values: Vec<(T, usize)> = counts.into_iter().collect();
    values.sort_by_cached_key(|(value, count)| (usize::MAX - count, name(value)));
    values.truncate(MAX_VALUES);
    values
}
