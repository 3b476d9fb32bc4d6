//! The names of the captured tables, which the filter suggests.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use threadline::query::{QueryError, Snapshot};
use threadline::{Scope, TableName};

/// The time that a newly captured table may be missing from the suggestions. It can be typed all the same.
const MAX_AGE: Duration = Duration::from_secs(5);

/// The captured tables of a moment ago. They change with deployments only, and every timeline page needs them.
#[derive(Debug, Default)]
pub(crate) struct TableCache(Mutex<Option<(Instant, Vec<TableName>)>>);

impl TableCache {
    /// Returns the captured tables of a scope. Only the unlimited list is cached, because it is the same for everybody.
    pub(crate) async fn get(
        &self,
        snapshot: &mut Snapshot<'_>,
        scope: &Scope,
    ) -> Result<Vec<TableName>, QueryError> {
        if scope.is_limited() {
            return snapshot.captured_tables(scope).await;
        }
        if let Some(tables) = self.cached() {
            return Ok(tables);
        }
        let tables = snapshot.captured_tables(scope).await?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), tables.clone()));
        Ok(tables)
    }

    fn cached(&self) -> Option<Vec<TableName>> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cached.as_ref().filter(|(at, _)| at.elapsed() < MAX_AGE).map(|(_, tables)| tables.clone())
    }
}
