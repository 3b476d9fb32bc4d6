//! One call of the library, as an application makes it.

use chrono::{DateTime, Utc};
use threadline::query::{Count, Filter, Position, QueryError, RowKey};
use threadline::{AuditTrail, Scope, TableName};
use uuid::Uuid;

const PAGE_SIZE: usize = 50;
/// The number at which counting stops.
const MAX_COUNT: usize = 10_000;
/// The number of changes in the large transaction.
const LARGE_PAGE_SIZE: usize = 1000;

/// The table and the key of a row.
pub(super) type Row = (TableName, RowKey);

#[derive(Clone, Debug)]
pub(super) enum Call {
    Page(Filter, Position),
    Count(Filter),
    History(Row, Position),
    AsOf(Row, DateTime<Utc>),
    Transaction(Uuid),
}

impl Call {
    /// Returns how many rows were returned or counted.
    pub(super) async fn run(&self, trail: &AuditTrail) -> Result<usize, QueryError> {
        let scope = Scope::unscoped();
        Ok(match self {
            Self::Page(filter, position) => {
                trail.timeline_page(&scope, filter, *position, PAGE_SIZE).await?.entries.len()
            }
            Self::Count(filter) => match trail.snapshot().await?.count(&scope, filter, MAX_COUNT).await? {
                Count::Exact(count) | Count::Truncated(count) => count,
            },
            Self::History((table, key), position) => {
                let (table, all) = (table.clone(), Filter::default());
                let mut snapshot = trail.snapshot().await?;
                snapshot.row_history(&scope, table, key, &all, *position, PAGE_SIZE).await?.entries.len()
            }
            Self::AsOf((table, key), at) => {
                usize::from(trail.as_of(&scope, table.clone(), key, *at).await?.row().is_some())
            }
            Self::Transaction(id) => {
                let detail = trail.transaction(&scope, *id, Position::Newest, LARGE_PAGE_SIZE).await?;
                detail.map_or(0, |detail| detail.changes.entries.len())
            }
        })
    }
}
