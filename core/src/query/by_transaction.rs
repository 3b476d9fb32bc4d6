//! The changes of an actor or an action, by way of their transactions: few changes in a large trail are found without walking
//! through everybody else's.
//!
//! An index lists the transactions of an actor by time, and almost every change is captured within a second of the beginning
//! of its transaction; the others are in an index of their own. So the newest transactions hold the newest changes, but for
//! the late ones, which are read beside them.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use uuid::Uuid;

use super::conditions::Selection;
use super::reader::{Found, Reader, clamp};
use super::windows::{Window, Windows};
use super::{Filter, Position, QueryError};

/// Changes captured later after their transaction began are in the index of late ones.
const LATE: TimeDelta = TimeDelta::seconds(1);
/// So many transactions are looked at first.
const FIRST: usize = 100;
/// What has no more actions or transactions than this is read as a whole, where a page needs it.
const FEW: usize = 400;
/// Where this many transactions do not fill a page, the timeline is walked instead.
const MANY: usize = 26_000;

/// A transaction and when it began.
#[derive(Debug, Clone, Copy)]
struct Begun {
    id: Uuid,
    at: DateTime<Utc>,
}

impl Begun {
    fn read(rows: &[PgRow]) -> Result<Vec<Self>, sqlx::Error> {
        rows.iter().map(|row| Ok(Self { id: row.try_get("id")?, at: row.try_get("occurred_at")? })).collect()
    }
}

impl Reader<'_> {
    /// Changes by way of the transactions of the filter's actor or action; none where another way is better.
    pub(super) async fn changes_by_transaction(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Option<Vec<Found>>, QueryError> {
        let filter = selection.filter;
        let applies =
            self.layout().has_actor_index && filter.key.is_none() && selection.transaction.is_none();
        if applies
            && filter.is_about_actions()
            && let Some(begun) = self.transactions_of_actions(filter).await?
        {
            // The actions are met; nothing has asked for the actor yet.
            let rest = Filter { action: None, correlation_id: None, request_id: None, ..filter.clone() };
            let rest = Selection { filter: &rest, ..selection };
            return Ok(Some(self.changes_of(rest, position, &begun, false, limit).await?));
        }
        if applies && filter.actor.is_some() {
            return self.changes_by_actor(selection, position, limit).await;
        }
        Ok(None)
    }

    /// All transactions under the actions that the filter asks for, unless they are many.
    async fn transactions_of_actions(&mut self, filter: &Filter) -> Result<Option<Vec<Begun>>, QueryError> {
        let mut sql =
            QueryBuilder::new(self.fill("SELECT a.id FROM __schema__.audit_actions AS a WHERE true"));
        self.conditions(&mut sql).push_action(filter);
        sql.push(" LIMIT ").push_bind(clamp(FEW + 1));
        let ids: Vec<Uuid> = sql.build_query_scalar().persistent(false).fetch_all(self.connection()).await?;
        if ids.len() > FEW {
            return Ok(None);
        }
        let mut sql = QueryBuilder::new(self.fill(
            "SELECT t.id, t.occurred_at FROM __schema__.audit_transactions AS t WHERE t.action_id = ANY (",
        ));
        sql.push_bind(ids).push(") LIMIT ").push_bind(clamp(FEW * 10 + 1));
        let rows = sql.build().persistent(false).fetch_all(self.connection()).await?;
        Ok(if rows.len() > FEW * 10 { None } else { Some(Begun::read(&rows)?) })
    }

    async fn changes_by_actor(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Option<Vec<Found>>, QueryError> {
        let rest = Filter { actor: None, ..selection.filter.clone() };
        let rest = Selection { filter: &rest, ..selection };
        let open = selection.filter.from.is_none() && !matches!(position, Position::NewerThan(_));
        let mut asked = FIRST;
        while asked <= MANY {
            let begun = self.transactions_of_actor(selection, position, asked).await?;
            let all = begun.len() < asked;
            let sure = match (begun.last(), position) {
                (Some(last), _) if !all => Window::sure(*last, position),
                _ => Window::default(),
            };
            let mut found = self.changes_of(rest, position, &begun, true, limit).await?;
            found.retain(|found| sure.holds(found.change.captured_at));
            if found.len() < limit {
                // A change after a lower bound may belong to a transaction from before it, which is not among these.
                if all && open && begun.len() <= FEW {
                    return Ok(Some(self.changes_of(rest, position, &begun, false, limit).await?));
                }
                if !all {
                    asked *= 4;
                    continue;
                }
            }
            // Late changes beyond the last one that is wanted cannot come before it.
            let sure =
                found.get(limit - 1).map_or(sure, |last| Window::up_to(last.change.captured_at, position));
            found.extend(self.late_changes(selection, position, sure, limit).await?);
            found.sort_unstable_by_key(|found| found.change.cursor());
            if !matches!(position, Position::NewerThan(_)) {
                found.reverse();
            }
            found.truncate(limit);
            return Ok(Some(found));
        }
        Ok(None)
    }

    /// Transactions of the actor that can hold changes of this position, nearest first.
    async fn transactions_of_actor(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Vec<Begun>, QueryError> {
        let order = position.order();
        let mut begun: Vec<Begun> = Vec::new();
        for window in Windows::of(selection, position, self.layout()) {
            let mut sql = QueryBuilder::new(
                self.fill("SELECT t.id, t.occurred_at FROM __schema__.audit_transactions AS t WHERE true"),
            );
            if let Some(actor) = &selection.filter.actor {
                self.conditions(&mut sql).push_actor(actor);
            }
            // A prompt change is at most a second younger than its transaction.
            let bounds = [
                (">=", window.from.and_then(|from| from.checked_sub_signed(LATE))),
                ("<", window.until.and_then(|until| until.checked_sub_signed(LATE))),
            ];
            push_bounds(&mut sql, bounds);
            push_bounds(&mut sql, around(selection, position));
            sql.push(format!(" ORDER BY t.occurred_at {order}, t.id {order} LIMIT "));
            sql.push_bind(clamp(limit - begun.len()));
            let rows = sql.build().persistent(false).fetch_all(self.connection()).await?;
            begun.extend(Begun::read(&rows)?);
            if begun.len() >= limit {
                break;
            }
        }
        Ok(begun)
    }

    /// The changes of these transactions: the prompt ones only, or all.
    async fn changes_of(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        begun: &[Begun],
        prompt: bool,
        limit: usize,
    ) -> Result<Vec<Found>, QueryError> {
        let (Some(first), Some(last)) =
            (begun.iter().map(|begun| begun.at).min(), begun.iter().map(|begun| begun.at).max())
        else {
            return Ok(Vec::new());
        };
        let (ids, times): (Vec<Uuid>, Vec<DateTime<Utc>>) =
            begun.iter().map(|begun| (begun.id, begun.at)).unzip();
        let mut sql = self.select_changes();
        sql.push(" FROM unnest(").push_bind(ids).push(", ").push_bind(times).push(") AS begun (id, at)");
        sql.push(self.fill(
            " CROSS JOIN LATERAL (SELECT * FROM __schema__.audit_changes AS c WHERE c.transaction_id = begun.id
               AND c.captured_at >= begun.at - interval '1 second' AND ",
        ));
        let until = prompt.then(|| last.checked_add_signed(LATE * 2)).flatten();
        let window = Window { from: first.checked_sub_signed(LATE), until };
        self.conditions(&mut sql).push(selection, position, window);
        if prompt {
            sql.push(" AND c.captured_at <= begun.at + interval '1 second' AND c.captured_at - c.occurred_at <= interval '1 second'");
        }
        let order = position.order();
        sql.push(format!(" ORDER BY c.captured_at {order}, c.id {order} LIMIT ")).push_bind(clamp(limit));
        sql.push(") AS c");
        self.fetch_changes(sql, position, limit).await
    }

    /// The late changes of the actor within what is sure.
    async fn late_changes(
        &mut self,
        selection: Selection<'_>,
        position: Position,
        sure: Window,
        limit: usize,
    ) -> Result<Vec<Found>, QueryError> {
        let mut sql = self.select_changes();
        sql.push(self.fill(" FROM __schema__.audit_changes AS c WHERE c.captured_at - c.occurred_at > interval '1 second' AND "));
        self.conditions(&mut sql).push(selection, position, sure);
        self.fetch_changes(sql, position, limit).await
    }
}

impl Window {
    /// Where no change is missing, when only transactions up to this one were read.
    fn sure(last: Begun, position: Position) -> Self {
        match position {
            Position::Newest | Position::OlderThan(_) => {
                Self { from: last.at.checked_add_signed(LATE * 2), until: None }
            }
            Position::NewerThan(_) => Self { from: None, until: Some(last.at) },
        }
    }

    /// From the position to this moment.
    fn up_to(at: DateTime<Utc>, position: Position) -> Self {
        match position {
            Position::Newest | Position::OlderThan(_) => Self { from: Some(at), until: None },
            Position::NewerThan(_) => {
                Self { from: None, until: at.checked_add_signed(TimeDelta::microseconds(1)) }
            }
        }
    }

    fn holds(self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }
}

type Bounds = [(&'static str, Option<DateTime<Utc>>); 2];

/// Between what moments transactions begin that can hold prompt changes of this position.
fn around(selection: Selection<'_>, position: Position) -> Bounds {
    let filter = selection.filter;
    let (after, before) = match position {
        Position::Newest => (filter.from, filter.to),
        Position::OlderThan(cursor) => {
            (filter.from, Some(filter.to.map_or(cursor.captured_at, |to| to.min(cursor.captured_at))))
        }
        Position::NewerThan(cursor) => (filter.from.max(Some(cursor.captured_at)), filter.to),
    };
    // One more second, should the clock have been set back meanwhile.
    let after = after.and_then(|after| after.checked_sub_signed(LATE));
    [(">=", after), ("<=", before.and_then(|before| before.checked_add_signed(LATE)))]
}

fn push_bounds(sql: &mut QueryBuilder<Postgres>, bounds: Bounds) {
    for (comparison, moment) in bounds {
        if let Some(moment) = moment {
            sql.push(format!(" AND t.occurred_at {comparison} ")).push_bind(moment);
        }
    }
}
