//! Several questions about one moment.

use crate::query::engine::old_values::incomplete;
use crate::query::engine::reader::Reader;
use crate::query::engine::where_clause::Selection;
use crate::query::{Change, Count, Filter, Page, Position, QueryError, TimelineEntry};
use crate::{AuditTrail, Scope, TableName};

/// The trail at one moment: what its questions answer belongs together, and they share one transaction, which takes fewer round
/// trips than one for each. It holds a connection of the pool; drop it before anything else is waited for.
///
/// ```no_run
/// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::Scope;
/// use threadline::query::{Filter, Position};
///
/// let (scope, filter) = (Scope::unscoped(), Filter::default());
/// let mut snapshot = trail.snapshot().await?;
/// let mut page = snapshot.timeline_page(&scope, &filter, Position::Newest, 50).await?;
/// snapshot.load_old_values(&scope, page.entries.iter_mut().map(|entry| &mut entry.change)).await?;
/// let count = snapshot.count(&scope, &filter, 10_000).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Snapshot<'a>(pub(in crate::query) Reader<'a>);

impl AuditTrail {
    /// Begins a transaction that only reads.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer, or holds no trail.
    pub async fn snapshot(&self) -> Result<Snapshot<'_>, QueryError> {
        Ok(Snapshot(self.reader().await?))
    }
}

impl Snapshot<'_> {
    /// As [`AuditTrail::timeline_page`].
    ///
    /// # Errors
    /// The same.
    pub async fn timeline_page(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let selection = Selection::new(scope, filter);
        let page = self.0.page(selection, position, size).await?;
        if page.entries.is_empty() && filter.key.is_some() {
            self.0.check_key(selection).await?;
        }
        Ok(page)
    }

    /// As [`AuditTrail::load_old_values`].
    ///
    /// # Errors
    /// The same.
    pub async fn load_old_values<'c>(
        &mut self,
        scope: &Scope,
        changes: impl IntoIterator<Item = &'c mut Change>,
    ) -> Result<(), QueryError> {
        self.0.complete(scope, incomplete(changes)).await
    }

    /// As [`AuditTrail::count`].
    ///
    /// # Errors
    /// The same.
    pub async fn count(&mut self, scope: &Scope, filter: &Filter, cap: usize) -> Result<Count, QueryError> {
        let selection = Selection::new(scope, filter);
        let count = self.0.count(selection, Position::Newest, cap.saturating_add(1)).await?;
        Ok(if count > cap { Count::Truncated(cap) } else { Count::Exact(count) })
    }

    /// As [`AuditTrail::has_changes`].
    ///
    /// # Errors
    /// The same.
    pub async fn has_changes(&mut self, scope: &Scope) -> Result<bool, QueryError> {
        let filter = Filter::default();
        self.0.has(Selection::new(scope, &filter), Position::Newest).await
    }

    /// As [`AuditTrail::captured_tables`].
    ///
    /// # Errors
    /// The same.
    pub async fn captured_tables(&mut self, scope: &Scope) -> Result<Vec<TableName>, QueryError> {
        self.0.captured_tables(scope).await
    }
}
