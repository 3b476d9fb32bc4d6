//! The captured tables with their columns, which the filter suggests and which give fields their order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use threadline::query::{QueryError, Snapshot};
use threadline::{Scope, TableName};

use crate::ColumnOrder;

/// The time that a newly captured table may be missing from the suggestions. It can be typed all the same.
const MAX_AGE: Duration = Duration::from_secs(5);
/// The time that a new column may come last.
const MAX_AGE_OF_ORDER: Duration = Duration::from_secs(60);

/// The captured tables of a moment ago. They change with deployments only, and every page with changes needs them.
#[derive(Debug, Default)]
pub(crate) struct TableCache(Mutex<Option<CapturedTables>>);

#[derive(Debug, Clone)]
struct CapturedTables {
    read_at: Instant,
    names: Arc<[TableName]>,
    order: Arc<ColumnOrder>,
}

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
        Ok(self.read(snapshot, MAX_AGE).await?.names.to_vec())
    }

    /// Reads the order of columns anew if it may be out of date.
    pub(crate) async fn refresh_order(&self, snapshot: &mut Snapshot<'_>) -> Result<(), QueryError> {
        self.read(snapshot, MAX_AGE_OF_ORDER).await.map(drop)
    }

    /// Returns the order of columns that was read last.
    pub(crate) fn order(&self) -> Arc<ColumnOrder> {
        self.cached(Duration::MAX).map(|tables| tables.order).unwrap_or_default()
    }

    async fn read(
        &self,
        snapshot: &mut Snapshot<'_>,
        max_age: Duration,
    ) -> Result<CapturedTables, QueryError> {
        if let Some(tables) = self.cached(max_age) {
            return Ok(tables);
        }
        let tables = snapshot.captured_columns(&Scope::unscoped()).await?;
        let names = tables.iter().map(|table| table.name.clone()).collect();
        let order = Arc::new(ColumnOrder::new(tables));
        let tables = CapturedTables { read_at: Instant::now(), names, order };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(tables.clone());
        Ok(tables)
    }

    fn cached(&self, max_age: Duration) -> Option<CapturedTables> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cached.as_ref().filter(|tables| tables.read_at.elapsed() < max_age).cloned()
    }
}
