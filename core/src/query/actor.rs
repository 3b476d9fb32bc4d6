//! The transactions of one actor.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder};

use super::conditions::{Conditions, Selection};
use super::reader::clamp;
use super::windows::Window;
use super::{ActorFilter, Cursor, Filter, Position, QueryError, TransactionRecord};
use crate::{AuditTrail, Scope};

/// A part of an actor's transactions, newest first.
#[derive(Debug, Clone)]
pub struct ActorPage {
    /// The transactions, newest first.
    pub entries: Vec<TransactionRecord>,
    /// Where newer transactions begin; none when there are none.
    pub newer: Option<Cursor>,
    /// Where older transactions begin; none when there are none.
    pub older: Option<Cursor>,
}

impl AuditTrail {
    /// The transactions of one actor, or of all actors of a type: at most `size` of them, newest first, that began between
    /// the two moments. A transaction of which the scope shows no change does not exist.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::query::Position;
    /// use threadline::{ActorKind, ActorRef, Scope};
    ///
    /// let actor = ActorRef::new(ActorKind::User, "42")?;
    /// let page = trail.actor_history(&Scope::unscoped(), &actor, [None, None], Position::Newest, 50).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn actor_history(
        &self,
        scope: &Scope,
        actor: impl Into<ActorFilter>,
        [from, to]: [Option<DateTime<Utc>>; 2],
        position: Position,
        size: usize,
    ) -> Result<ActorPage, QueryError> {
        let mut question = Question { trail: self, scope, actor: actor.into(), from, to };
        let mut entries = question.read(position, size.saturating_add(1)).await?;
        let goes_on = entries.len() > size;
        entries.truncate(size);
        if matches!(position, Position::NewerThan(_)) {
            entries.reverse();
        }
        let first = entries.first().map(place);
        let last = entries.last().map(place);
        let (newer, older) = match position {
            Position::Newest => (None, last.filter(|_| goes_on)),
            Position::OlderThan(cursor) => {
                let edge = first.unwrap_or(cursor);
                let newer = question.read(Position::NewerThan(edge), 1).await?;
                ((!newer.is_empty()).then_some(edge), last.filter(|_| goes_on))
            }
            Position::NewerThan(cursor) => {
                let edge = last.unwrap_or(cursor);
                let older = question.read(Position::OlderThan(edge), 1).await?;
                (first.filter(|_| goes_on), (!older.is_empty()).then_some(edge))
            }
        };
        Ok(ActorPage { entries, newer, older })
    }
}

fn place(transaction: &TransactionRecord) -> Cursor {
    Cursor { captured_at: transaction.occurred_at, id: transaction.id }
}

struct Question<'a> {
    trail: &'a AuditTrail,
    scope: &'a Scope,
    actor: ActorFilter,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

impl Question<'_> {
    async fn read(&mut self, position: Position, limit: usize) -> Result<Vec<TransactionRecord>, QueryError> {
        let mut reader = self.trail.reader().await?;
        let layout = reader.layout();
        let order = if matches!(position, Position::NewerThan(_)) { "ASC" } else { "DESC" };
        let mut sql = QueryBuilder::new(reader.fill(&format!(
            "SELECT {} FROM __schema__.audit_transactions AS t LEFT JOIN __schema__.audit_actions AS a ON a.id = t.action_id
             WHERE true",
            TransactionRecord::columns(layout)
        )));
        let mut conditions = Conditions { sql: &mut sql, schema: &self.trail.schema, layout };
        conditions.push_actor(&self.actor);
        if self.scope.is_limited() {
            let time = if layout.has_occurred_at { " AND c.occurred_at = t.occurred_at" } else { "" };
            let changes = format!(
                " AND EXISTS (SELECT FROM __schema__.audit_changes AS c WHERE c.transaction_id = t.id{time} AND "
            );
            conditions.sql.push(reader.fill(&changes));
            let any = Filter::default();
            conditions.push(
                Selection { scope: self.scope, filter: &any, transaction: None },
                Position::Newest,
                Window::default(),
            );
            conditions.sql.push(")");
        }
        for (comparison, moment) in [(">=", self.from), ("<=", self.to)] {
            if let Some(moment) = moment {
                sql.push(format!(" AND t.occurred_at {comparison} ")).push_bind(moment);
            }
        }
        let comparison = match position {
            Position::Newest => None,
            Position::OlderThan(cursor) => Some(("<", cursor)),
            Position::NewerThan(cursor) => Some((">", cursor)),
        };
        if let Some((comparison, cursor)) = comparison {
            sql.push(format!(" AND (t.occurred_at, t.id) {comparison} (")).push_bind(cursor.captured_at);
            sql.push(", ").push_bind(cursor.id).push(")");
        }
        sql.push(format!(" ORDER BY t.occurred_at {order}, t.id {order} LIMIT ")).push_bind(clamp(limit));
        let rows = sql.build().persistent(false).fetch_all(reader.connection()).await?;
        Ok(rows.iter().map(TransactionRecord::from_row).collect::<Result<_, _>>()?)
    }
}
