//! The timeline: changes that match a filter, newest first, and their number.

use super::engine::criteria::Criteria;
use super::engine::snapshot::Snapshot;
use super::model::cursor::Position;
use super::model::error::QueryError;
use super::model::filter::{ActorFilter, Filter};
use super::model::page::{Count, Page};
use super::model::timeline_entry::TimelineEntry;
use crate::Scope;

impl Snapshot<'_> {
    /// Returns a page of at most `size` changes that match the filter, newest first.
    ///
    /// The page may have fewer changes if the search takes longer than the [search time](crate::AuditTrail::search_time); see
    /// [`Page::truncated_at`].
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::Filter;
    ///
    /// let (filter, position) = Filter::from_pairs([("table", "tickets")])?;
    /// let page = trail.snapshot().await?.timeline_page(&Scope::unscoped(), &filter, position, 50).await?;
    /// for entry in &page.entries {
    ///     println!("{} {}", entry.change.captured_at, entry.change.operation);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`]. If the filter has a key and no change matches, also
    /// [`QueryError::KeyMismatch`] if the table has other key columns, and [`QueryError::NotCaptured`].
    pub async fn timeline_page(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let criteria = Criteria::new(scope, filter);
        let page = self.page(criteria, position, size).await?;
        if page.entries.is_empty() && filter.key.is_some() {
            self.check_key(criteria).await?;
        }
        Ok(page)
    }

    /// Returns the changes of one actor, or of all actors of a kind, that match the filter: a page of at most `size`, newest
    /// first.
    ///
    /// # Errors
    /// As [`timeline_page`](Self::timeline_page).
    pub async fn changes_by_actor(
        &mut self,
        scope: &Scope,
        actor: impl Into<ActorFilter>,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let filter = Filter { actor: Some(actor.into().into()), ..filter.clone() };
        self.timeline_page(scope, &filter, position, size).await
    }

    /// Returns the changes with one correlation id that match the filter: a page of at most `size`, newest first. The
    /// correlation id is stored with the action, so changes without a recorded action are not included.
    ///
    /// # Errors
    /// As [`timeline_page`](Self::timeline_page).
    pub async fn changes_by_correlation(
        &mut self,
        scope: &Scope,
        correlation_id: impl Into<String>,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let filter = Filter { correlation_id: Some(correlation_id.into()), ..filter.clone() };
        self.timeline_page(scope, &filter, position, size).await
    }

    /// Counts the changes that match the filter, up to `cap`.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::{Count, Filter};
    ///
    /// match trail.snapshot().await?.count(&Scope::unscoped(), &Filter::default(), 10_000).await? {
    ///     Count::Exact(count) => println!("{count} changes"),
    ///     Count::Truncated(cap) => println!("more than {cap} changes"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn count(&mut self, scope: &Scope, filter: &Filter, cap: usize) -> Result<Count, QueryError> {
        let criteria = Criteria::new(scope, filter);
        let count = self.count_matches(criteria, Position::Newest, cap.saturating_add(1)).await?;
        Ok(if count > cap { Count::Truncated(cap) } else { Count::Exact(count) })
    }

    /// Returns whether there is any change in the scope. This distinguishes an empty trail from a filter that matches nothing.
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`].
    pub async fn has_changes(&mut self, scope: &Scope) -> Result<bool, QueryError> {
        let filter = Filter::default();
        self.may_exist(Criteria::new(scope, &filter), Position::Newest).await
    }
}
