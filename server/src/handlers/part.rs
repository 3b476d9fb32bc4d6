//! A part of a page that may be missing: the page comes all the same.

use std::time::Duration;

use threadline::query::QueryError;

use super::question::answered;
use crate::guard::Visit;

/// How long a page waits for a part that it can do without.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Waits for the answer, but not for long. Whatever went wrong stands in the log.
pub(super) async fn part<T>(
    visit: &Visit,
    question: impl Future<Output = Result<T, QueryError>>,
) -> Result<T, Option<QueryError>> {
    match tokio::time::timeout(PATIENCE, answered(visit, question)).await {
        Ok(answer) => answer,
        Err(_) => {
            tracing::warn!("a part of a page was left out: the audit trail did not answer in time");
            Err(None)
        }
    }
}
