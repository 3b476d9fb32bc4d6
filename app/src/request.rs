//! The context in which a page is loaded.

use std::sync::Arc;
use std::time::Duration;

use threadline::health::missed_changes;
use threadline::query::{
    Filter, Page, Position, QueryError, Snapshot, SnapshotMark, TimelineLine, ValueLimits,
};
use threadline::{AuditTrail, Scope, TableName};

use crate::components::CaptureGaps;
use crate::coverage::CoverageSource;
use crate::table_cache::TableCache;
use crate::{ColumnOrder, ConsoleAction, HostSearch, PageContext};

/// The part of the query timeout that a page waits for what it can do without: 2 of 8 seconds.
const OPTIONAL_DIVISOR: u32 = 4;

/// The services that the pages of a console read from. All requests share them.
#[derive(Debug)]
pub struct PageServices {
    pub(crate) trail: AuditTrail,
    coverage: Box<dyn CoverageSource>,
    pub(crate) tables: TableCache,
    query_timeout: Duration,
}

impl PageServices {
    /// Combines a trail, the time that a page waits for it, and the results of the coverage checks.
    #[must_use]
    pub fn new(trail: AuditTrail, query_timeout: Duration, coverage: impl CoverageSource + 'static) -> Self {
        Self { trail, coverage: Box::new(coverage), tables: TableCache::default(), query_timeout }
    }

    /// Returns the results of the coverage checks.
    #[must_use]
    pub fn coverage(&self) -> &dyn CoverageSource {
        &*self.coverage
    }

    /// Returns the order of the columns of the captured tables, as the last page with changes read it.
    #[must_use]
    pub fn column_order(&self) -> Arc<ColumnOrder> {
        self.tables.order()
    }

    /// Returns the time that a page waits for the trail.
    #[must_use]
    pub const fn query_timeout(&self) -> Duration {
        self.query_timeout
    }

    /// Returns the time that a page waits for a part that it can do without.
    pub(crate) fn optional_timeout(&self) -> Duration {
        self.query_timeout / OPTIONAL_DIVISOR
    }
}

/// A request that the authorization hook has allowed: who reads, what they may see, and what to read it from. The route guard
/// adds it to the request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The services that the page reads from.
    pub services: Arc<PageServices>,
    /// The part of the trail that the operator may see.
    pub scope: Scope,
    /// The context in which the page is rendered.
    pub page: PageContext,
    /// The host's own search, if it has one.
    pub host_search: Option<Arc<dyn HostSearch>>,
}

/// The reason why a query has no result. The reason is in the log.
#[derive(Debug)]
#[non_exhaustive]
pub enum QueryFailure {
    /// The page did not wait any longer.
    Timeout,
    /// The library returned an error.
    Query(QueryError),
}

impl RequestContext {
    /// Returns the audit trail.
    #[must_use]
    pub fn trail(&self) -> &AuditTrail {
        &self.services.trail
    }

    /// Returns whether the hook has granted a global action.
    pub(crate) fn is_granted(&self, action: ConsoleAction) -> bool {
        self.page.granted.contains(&action)
    }

    /// Begins a snapshot that reads no more of the values than a page shows.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot<'_>, QueryError> {
        let mut snapshot = self.trail().snapshot().await?;
        snapshot.limit_values(ValueLimits::PAGE);
        Ok(snapshot)
    }

    /// Begins the same with a mark of what it can see.
    pub(crate) async fn snapshot_with_mark(&self) -> Result<(Snapshot<'_>, SnapshotMark), QueryError> {
        let (mut snapshot, mark) = self.trail().snapshot_with_mark().await?;
        snapshot.limit_values(ValueLimits::PAGE);
        Ok((snapshot, mark))
    }

    /// Reads the captured tables of the scope.
    pub(crate) async fn captured_tables(&self) -> Result<Vec<TableName>, QueryError> {
        self.snapshot().await?.captured_tables(&self.scope).await
    }

    /// Returns the gaps in capture, by the last check, because of which changes of a filter may be missing. Waits for a check only if
    /// there was none yet.
    pub(crate) async fn capture_gaps(&self, filter: &Filter) -> CaptureGaps {
        let source = self.services.coverage();
        let mut coverage = source.current(Duration::ZERO).await;
        if coverage.last.is_none() && coverage.failure.is_none() {
            coverage = source.current(self.services.optional_timeout()).await;
        }
        let gaps = coverage.last.as_ref().and_then(|last| last.gaps.as_deref()).unwrap_or_default();
        CaptureGaps::new(missed_changes(gaps, &self.scope, filter).into_iter().cloned().collect())
    }

    /// Returns the same for a page of a list. They are about tables that are captured, or were: a table that never was is the subject
    /// of the coverage page.
    pub(crate) async fn capture_gaps_of_page(
        &self,
        filter: &Filter,
        page: &Page<TimelineLine>,
    ) -> CaptureGaps {
        let gaps = self.capture_gaps(filter).await.of_page(page);
        if gaps.is_empty() {
            return gaps;
        }
        let captured = async { self.services.tables.get(&mut self.snapshot().await?, &self.scope).await };
        let captured = self.optional(captured).await.unwrap_or_default();
        gaps.of_tables(|table| {
            captured.contains(table)
                || filter.only_table() == Some(table)
                || page.entries.iter().any(|line| line.table() == table)
        })
    }

    /// Waits for a query up to the query timeout of the console. A query that has started ends earlier, by its statement
    /// timeout; this also limits the wait for a connection to a server that is down.
    ///
    /// # Errors
    /// [`QueryFailure`], which is logged here.
    pub async fn with_query_timeout<T>(
        &self,
        query: impl Future<Output = Result<T, QueryError>>,
    ) -> Result<T, QueryFailure> {
        match tokio::time::timeout(self.services.query_timeout, query).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => {
                tracing::warn!(error = ?error.to_string(), "the audit trail could not be read");
                Err(QueryFailure::Query(error))
            }
            Err(_) => {
                tracing::warn!("the audit trail did not answer in time");
                Err(QueryFailure::Timeout)
            }
        }
    }

    /// Waits a shorter time for a query whose result the page can do without.
    pub(crate) async fn optional<T>(
        &self,
        query: impl Future<Output = Result<T, QueryError>>,
    ) -> Result<T, QueryFailure> {
        match tokio::time::timeout(self.services.optional_timeout(), self.with_query_timeout(query)).await {
            Ok(result) => result,
            Err(_) => {
                tracing::warn!("a part of a page was left out: the audit trail did not answer in time");
                Err(QueryFailure::Timeout)
            }
        }
    }

    /// Reads a page of lines with the old values of their changes.
    pub(crate) async fn read_lines(
        &self,
        snapshot: &mut Snapshot<'_>,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineLine>, QueryError> {
        let mut page = snapshot.timeline_lines(&self.scope, filter, position, size).await?;
        let changes = page.entries.iter_mut().filter_map(TimelineLine::change_mut);
        snapshot.load_old_values(&self.scope, changes).await?;
        self.services.tables.refresh_order(snapshot).await?;
        Ok(page)
    }
}
