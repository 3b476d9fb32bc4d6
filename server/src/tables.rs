//! The tables that a filter suggests.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use threadline::query::{QueryError, Snapshot};
use threadline::{Scope, TableName};

/// How long a table that is captured anew may be missing from the suggestions; it can be typed all the same.
const REMEMBERED: Duration = Duration::from_secs(5);

/// The captured tables as they were a moment ago: they change with deployments, and every page of the timeline shows them.
#[derive(Debug, Default)]
pub(crate) struct KnownTables(Mutex<Option<(Instant, Vec<TableName>)>>);

impl KnownTables {
    /// What an operator with this scope may know of. Only what is the same for everybody is remembered.
    pub(crate) async fn of(
        &self,
        trail: &mut Snapshot<'_>,
        scope: &Scope,
    ) -> Result<Vec<TableName>, QueryError> {
        if scope.is_limited() {
            return trail.captured_tables(scope).await;
        }
        if let Some(tables) = self.remembered() {
            return Ok(tables);
        }
        let tables = trail.captured_tables(scope).await?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), tables.clone()));
        Ok(tables)
    }

    fn remembered(&self) -> Option<Vec<TableName>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(at, _)| at.elapsed() < REMEMBERED).map(|(_, tables)| tables.clone())
    }
}
