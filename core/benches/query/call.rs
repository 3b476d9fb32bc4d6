//! One question to the trail, as an application asks it.

use chrono::{DateTime, Utc};
use threadline::query::{Count, Filter, Position, QueryError, transaction_id};
use threadline::{AuditTrail, Scope};
use uuid::Uuid;

/// The size of a page.
const PAGE: usize = 50;
/// Counted no further.
pub(crate) const CAP: usize = 10_000;
/// The changes of the large transaction.
const LARGE: usize = 1000;

#[derive(Clone, Debug)]
pub(crate) enum Call {
    Page(Filter, Position),
    Count(Filter),
    History(&'static str, Vec<(String, String)>, Position),
    AsOf(String, Vec<(String, String)>, DateTime<Utc>),
    Transaction(Uuid),
}

impl Call {
    /// Answers how many rows came back.
    pub(crate) async fn run(&self, trail: &AuditTrail) -> Result<usize, QueryError> {
        let scope = Scope::unscoped();
        Ok(match self {
            Self::Page(filter, position) => {
                trail.timeline_page(&scope, filter, *position, PAGE).await?.entries.len()
            }
            Self::Count(filter) => match trail.count(&scope, filter, CAP).await? {
                Count::Exactly(count) | Count::MoreThan(count) => count,
            },
            _ => 0,
        })
    }
}
