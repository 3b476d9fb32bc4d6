//! The transactions of one actor.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder};

use super::{ActorFilter, Cursor, Filter, Page, Position, QueryError, TransactionRecord};
use crate::query::engine::page_slice::Cut;
use crate::query::engine::reader::{Reader, clamp};
use crate::query::engine::where_clause::Selection;
use crate::{AuditTrail, Scope};

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
    /// let page = trail.transactions_by_actor(&Scope::unscoped(), &actor, [None, None], Position::Newest, 50).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn transactions_by_actor(
        &self,
        scope: &Scope,
        actor: impl Into<ActorFilter>,
        [from, to]: [Option<DateTime<Utc>>; 2],
        position: Position,
        size: usize,
    ) -> Result<Page<TransactionRecord>, QueryError> {
        let question = Question { scope, actor: actor.into(), from, to };
        let mut reader = self.reader().await?;
        let entries = question.read(&mut reader, position, size.saturating_add(1)).await?;
        let cut = Cut::of(entries, position, size, place);
        let is_anything_back = match cut.back {
            Some(back) => !question.read(&mut reader, back, 1).await?.is_empty(),
            None => false,
        };
        Ok(cut.page(is_anything_back))
    }
}

fn place(transaction: &TransactionRecord) -> Cursor {
    Cursor { captured_at: transaction.occurred_at, id: transaction.id }
}

struct Question<'a> {
    scope: &'a Scope,
    actor: ActorFilter,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

impl Question<'_> {
    async fn read(
        &self,
        reader: &mut Reader<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Vec<TransactionRecord>, QueryError> {
        let any = Filter::default();
        let selection = Selection::new(self.scope, &any);
        if selection.is_impossible() {
            return Ok(Vec::new());
        }
        let layout = reader.layout();
        let order = position.order();
        let mut sql = QueryBuilder::new(reader.fill(&format!(
            "SELECT {} FROM __schema__.audit_transactions AS t LEFT JOIN __schema__.audit_actions AS a ON a.id = t.action_id
             WHERE true",
            TransactionRecord::columns(layout)
        )));
        let mut conditions = reader.conditions(&mut sql);
        conditions.push_actor(&self.actor);
        conditions.push_shown(self.scope);
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
        let rows = reader.fetch_all(sql).await?;
        Ok(rows.iter().map(TransactionRecord::from_row).collect::<Result<_, _>>()?)
    }
}
