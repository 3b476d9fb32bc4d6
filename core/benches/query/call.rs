//! One question to the trail, as an application asks it.

use chrono::{DateTime, Utc};
use threadline::query::{Count, Filter, Position, QueryError, RowKey};
use threadline::{AuditTrail, Scope, TableName};
use uuid::Uuid;

/// The size of a page.
const PAGE: usize = 50;
/// Counted no further.
const CAP: usize = 10_000;
/// All changes of the large transaction.
const LARGE: usize = 1000;

/// A row: its table and its key.
pub(crate) type Row = (TableName, RowKey);

#[derive(Clone, Debug)]
pub(crate) enum Call {
    Page(Filter, Position),
    Count(Filter),
    History(Row, Position),
    AsOf(Row, DateTime<Utc>),
    Transaction(Uuid),
}

impl Call {
    /// Answers how many rows came back, or were counted.
    pub(crate) async fn run(&self, trail: &AuditTrail) -> Result<usize, QueryError> {
        let scope = Scope::unscoped();
        Ok(match self {
            Self::Page(filter, position) => {
                trail.timeline_page(&scope, filter, *position, PAGE).await?.entries.len()
            }
            Self::Count(filter) => match trail.snapshot().await?.count(&scope, filter, CAP).await? {
                Count::Exact(count) | Count::Truncated(count) => count,
            },
            Self::History((table, key), position) => {
                let all = Filter::default();
                trail
                    .snapshot()
                    .await?
                    .row_history(&scope, table.clone(), key, &all, *position, PAGE)
                    .await?
                    .entries
                    .len()
            }
            Self::AsOf((table, key), at) => {
                usize::from(trail.as_of(&scope, table.clone(), key, *at).await?.row().is_some())
            }
            Self::Transaction(id) => {
                let detail = trail.transaction(&scope, *id, Position::Newest, LARGE).await?;
                detail.map_or(0, |detail| detail.changes.entries.len())
            }
        })
    }
}
