//! The columns that a search for a value does not cover.

use threadline::query::{Filter, QueryError, UnsearchedColumns};
use threadline::{AuditTrail, Scope};

use super::empty_result::line;
use crate::output::Report;

/// Returns the columns whose values were not searched; none if the filter has no value.
pub(super) async fn unsearched_columns(
    trail: &AuditTrail,
    filter: &Filter,
) -> Result<Option<Vec<UnsearchedColumns>>, QueryError> {
    if filter.value.is_none() {
        return Ok(None);
    }
    trail.snapshot().await?.unsearched_columns(&Scope::unscoped(), filter).await.map(Some)
}

/// Returns a line for each table and reason.
pub(super) fn unsearched_lines(unsearched: Option<&[UnsearchedColumns]>) -> Report {
    unsearched.unwrap_or_default().iter().flat_map(UnsearchedColumns::describe).map(line).collect()
}
