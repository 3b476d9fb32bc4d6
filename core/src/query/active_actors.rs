//! The actors who were active in a time range.

use std::collections::HashMap;
use std::time::Instant;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{QueryBuilder, Row};

use super::engine::criteria::Criteria;
use super::engine::index_path::push_first;
use super::engine::snapshot::Snapshot;
use super::model::cursor::Position;
use super::model::error::QueryError;
use super::model::filter::Filter;
use super::model::timestamp::TimeRange;
use crate::{ActorRef, Scope};

/// The actors who were active in a time range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActiveActors {
    /// Each actor, those with the most changes first.
    pub actors: Vec<ActiveActor>,
    /// True if there are more changes than were counted. An actor whose changes are all older than those is then missing.
    pub truncated: bool,
}

/// An actor who was active in a time range.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActiveActor {
    /// The actor; `None` for the changes that no application signed.
    pub actor: Option<ActorRef>,
    /// The number of their changes that were counted.
    pub changes: usize,
    /// The time of the newest one.
    pub newest: DateTime<Utc>,
}

impl Snapshot<'_> {
    /// Counts the changes of each actor in a time range, in at most `cap` changes, the newest first. Returns `None` if counting takes
    /// longer than the [search time](crate::AuditTrail::search_time).
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::RelativeRange;
    ///
    /// let (scope, range) = (Scope::unscoped(), RelativeRange::LastDay.before(chrono::Utc::now()));
    /// let active = trail.snapshot().await?.active_actors(&scope, range, 10_000).await?;
    /// for active in active.iter().flat_map(|active| &active.actors) {
    ///     println!("{:?} {}", active.actor, active.changes);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn active_actors(
        &mut self,
        scope: &Scope,
        range: TimeRange,
        cap: usize,
    ) -> Result<Option<ActiveActors>, QueryError> {
        let filter = Filter { from: range.from, to: range.to, ..Filter::default() };
        let deadline = Instant::now().checked_add(self.search_time());
        let time_limit = self.begin_deadline(deadline).await?;
        let active = self.count_by_actor(Criteria::new(scope, &filter), cap).await;
        self.end_time_limit(time_limit, active).await
    }

    async fn count_by_actor(
        &mut self,
        criteria: Criteria<'_>,
        cap: usize,
    ) -> Result<ActiveActors, QueryError> {
        if criteria.is_unsatisfiable() {
            return Ok(ActiveActors::default());
        }
        let (position, mut rest) = (Position::Newest, cap);
        let mut counts: HashMap<Option<ActorRef>, (usize, DateTime<Utc>)> = HashMap::new();
        for window in self.time_windows(criteria, position) {
            let (began, is_begun) = match self.features().has_occurred_at {
                true => ("c.occurred_at", " AND t.occurred_at = c.began"),
                false => ("NULL::timestamptz", ""),
            };
            let mut sql = QueryBuilder::new(format!(
                "SELECT t.actor_ref, sum(c.changes)::bigint, max(c.newest)
                 FROM (SELECT c.transaction_id, c.began, count(*) AS changes, max(c.captured_at) AS newest
                       FROM (SELECT c.transaction_id, {began} AS began, c.captured_at"
            ));
            push_first(self, &mut sql, criteria, position, window, rest);
            // A transaction may have been removed before its changes.
            sql.push(self.fill(&format!(
                ") AS c GROUP BY 1, 2 OFFSET 0) AS c
                 LEFT JOIN LATERAL (SELECT t.actor_ref FROM __schema__.audit_transactions AS t
                   WHERE t.id = c.transaction_id{is_begun} LIMIT 1) AS t ON true
                 GROUP BY t.actor_ref"
            )));
            for row in self.fetch_all(sql).await? {
                let stored: Option<Json<Value>> = row.try_get(0)?;
                let actor = stored.and_then(|stored| ActorRef::from_recorded_json(&stored.0).ok());
                let changes = usize::try_from(row.try_get::<i64, _>(1)?).unwrap_or(usize::MAX);
                let newest: DateTime<Utc> = row.try_get(2)?;
                let (sum, last) = counts.entry(actor).or_insert((0, newest));
                *sum += changes;
                *last = newest.max(*last);
                rest = rest.saturating_sub(changes);
            }
            if rest == 0 {
                break;
            }
        }
        let mut actors: Vec<ActiveActor> = counts
            .into_iter()
            .map(|(actor, (changes, newest))| ActiveActor { actor, changes, newest })
            .collect();
        let name = |active: &ActiveActor| active.actor.as_ref().map(ToString::to_string);
        actors.sort_by_cached_key(|active| (std::cmp::Reverse(active.changes), name(active)));
        let truncated =
            rest == 0 && self.count_matches(criteria, position, cap.saturating_add(1)).await? > cap;
        Ok(ActiveActors { actors, truncated })
    }
}
