//! The transactions of an actor.

use sqlx::{FromRow, QueryBuilder};

use super::engine::criteria::Criteria;
use super::engine::page_slice::PageSlice;
use super::engine::snapshot::Snapshot;
use super::engine::where_clause::{push_after_cursor, push_order, to_bigint};
use super::model::cursor::{Cursor, Position};
use super::model::error::QueryError;
use super::model::filter::{ActorFilter, Filter};
use super::model::page::Page;
use super::model::timestamp::TimeRange;
use super::model::transaction_record::TransactionRecord;
use crate::Scope;

const TRANSACTION_ORDER: [&str; 2] = ["t.occurred_at", "t.id"];

impl Snapshot<'_> {
    /// Returns the transactions of one actor, or of all actors of a kind, that began within the range: a page of at most
    /// `size`, newest first.
    ///
    /// Under a scope that may hide changes of the actor, returns the transactions whose newest change in the scope was captured
    /// within the range, in the order of those changes. If the scope hides all changes of the actor, the search does the same work as for an actor who
    /// does not exist. It ends with the [search time](crate::AuditTrail::search_time); see [`Page::truncated_at`].
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::query::{Position, RelativeRange};
    /// use threadline::{ActorKind, ActorRef, Scope};
    ///
    /// let actor = ActorRef::new(ActorKind::User, "42")?;
    /// let range = RelativeRange::LastWeek.before(chrono::Utc::now());
    /// let mut snapshot = trail.snapshot().await?;
    /// let page =
    ///     snapshot.transactions_by_actor(&Scope::unscoped(), &actor, range, Position::Newest, 50).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn transactions_by_actor(
        &mut self,
        scope: &Scope,
        actor: impl Into<ActorFilter>,
        range: TimeRange,
        position: Position,
        size: usize,
    ) -> Result<Page<TransactionRecord>, QueryError> {
        let actor = actor.into();
        let shows_all = scope.shows_all_of(&actor);
        let filter =
            Filter { actor: Some(actor.into()), from: range.from, to: range.to, ..Filter::default() };
        let criteria = Criteria::new(scope, &filter);
        if !shows_all {
            let newest = Criteria { is_newest_of_transaction: true, ..criteria };
            return Ok(self.page(newest, position, size).await?.map(|entry| entry.transaction));
        }
        let transactions = self.actor_transactions(criteria, position, size.saturating_add(1)).await?;
        let slice = PageSlice::new(transactions, position, size, cursor_of);
        let has_previous = match slice.previous {
            Some(previous) => !self.actor_transactions(criteria, previous, 1).await?.is_empty(),
            None => false,
        };
        Ok(slice.into_page(has_previous))
    }

    async fn actor_transactions(
        &mut self,
        criteria: Criteria<'_>,
        position: Position,
        limit: usize,
    ) -> Result<Vec<TransactionRecord>, QueryError> {
        if criteria.is_unsatisfiable() {
            return Ok(Vec::new());
        }
        let columns = TransactionRecord::columns(self.features().has_meta);
        let mut sql = QueryBuilder::new(self.fill(&format!(
            "SELECT {columns} FROM __schema__.audit_transactions AS t
             LEFT JOIN __schema__.audit_actions AS a ON a.id = t.action_id WHERE true"
        )));
        let mut conditions = self.where_clause(&mut sql);
        conditions.push_actors(criteria.filter);
        conditions.push_visible(criteria.scope);
        for (comparison, moment) in [(">=", criteria.filter.from), ("<=", criteria.filter.to)] {
            if let Some(moment) = moment {
                sql.push(format!(" AND t.occurred_at {comparison} ")).push_bind(moment);
            }
        }
        if let Some(cursor) = position.cursor() {
            push_after_cursor(&mut sql, TRANSACTION_ORDER, position.direction(), cursor);
        }
        push_order(&mut sql, TRANSACTION_ORDER, position.direction());
        sql.push(" LIMIT ").push_bind(to_bigint(limit));
        let rows = self.fetch_all(sql).await?;
        Ok(rows.iter().map(TransactionRecord::from_row).collect::<Result<_, _>>()?)
    }
}

fn cursor_of(transaction: &TransactionRecord) -> Cursor {
    Cursor { captured_at: transaction.occurred_at, id: transaction.id }
}
