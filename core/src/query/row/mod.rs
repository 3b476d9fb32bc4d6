//! One row over time, one actor in a window, and all that belongs together: the timeline with a fixed filter.

pub(super) mod as_of;
mod key_columns;
mod occupants;
mod presence;
pub(super) mod removal;

use std::collections::BTreeMap;

use crate::query::engine::reader::Reader;
use crate::query::engine::where_clause::Selection;
use crate::query::{ActorFilter, Filter, Operation, Page, Position, QueryError, Snapshot, TimelineEntry};
use crate::{AuditTrail, Scope, TableName};

impl AuditTrail {
    /// What happened to one row: at most `size` changes, newest first, each TRUNCATE of its table included. A row that was given
    /// another key has a history under each: [`Change::old_key`](crate::query::Change::old_key) leads from one to the other. The window
    /// of the filter applies, and whatever else it holds.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::{Filter, Position};
    ///
    /// let key = [("id", "4711")];
    /// let (scope, any) = (Scope::unscoped(), Filter::default());
    /// let history = trail.row_history(&scope, "tickets", key, &any, Position::Newest, 200).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::KeyMismatch`] and [`QueryError::NotCaptured`] where no change matches for that reason, and
    /// [`QueryError::Database`].
    pub async fn row_history<C, V>(
        &self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl IntoIterator<Item = (C, V)>,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError>
    where
        C: Into<String>,
        V: ToString,
    {
        self.snapshot().await?.row_history(scope, table, key, filter, position, size).await
    }

    /// What one actor did, or all actors of a type: at most `size` changes, newest first, within the filter.
    ///
    /// # Errors
    /// As [`timeline_page`](Self::timeline_page).
    pub async fn changes_by_actor(
        &self,
        scope: &Scope,
        actor: impl Into<ActorFilter>,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let filter = Filter { actor: Some(actor.into()), ..filter.clone() };
        self.timeline_page(scope, &filter, position, size).await
    }

    /// All that happened under one correlation id: at most `size` changes, newest first, within the filter. Changes without a
    /// recorded action are never part of it.
    ///
    /// # Errors
    /// As [`timeline_page`](Self::timeline_page).
    pub async fn changes_by_correlation(
        &self,
        scope: &Scope,
        correlation_id: impl Into<String>,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let filter = Filter { correlation_id: Some(correlation_id.into()), ..filter.clone() };
        self.timeline_page(scope, &filter, position, size).await
    }
}

impl Snapshot<'_> {
    /// As [`AuditTrail::row_history`].
    ///
    /// # Errors
    /// The same.
    pub async fn row_history<C, V>(
        &mut self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl IntoIterator<Item = (C, V)>,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError>
    where
        C: Into<String>,
        V: ToString,
    {
        let filter = Filter { table: Some(table.into()), key: Some(row_key(key)), ..filter.clone() };
        let selection = Selection::new(scope, &filter);
        let with_truncates = Selection { with_truncates: true, ..selection };
        let page = self.0.page(with_truncates, position, size).await?;
        let is_of_row = |entry: &TimelineEntry| entry.change.operation != Operation::Truncate;
        if page.entries.iter().any(is_of_row) {
            return Ok(page);
        }
        // A TRUNCATE alone is not the history of a row, and a limited scope must not learn of one that way.
        let any = Filter { from: None, to: None, ..filter.clone() };
        if self.0.has(Selection::new(scope, &any), Position::Newest).await? {
            return Ok(page);
        }
        self.0.check_key(selection).await?;
        Ok(Page { entries: Vec::new(), newer: None, older: None, truncated_at: page.truncated_at })
    }
}

/// The key of a row with its values as text.
pub(in crate::query) fn row_key<C, V>(key: impl IntoIterator<Item = (C, V)>) -> BTreeMap<String, String>
where
    C: Into<String>,
    V: ToString,
{
    key.into_iter().map(|(column, value)| (column.into(), value.to_string())).collect()
}

impl Reader<'_> {
    /// Why no change of the row is there: a key that no row of the table can have is a mistake, not an empty history.
    pub(in crate::query) async fn check_key(&mut self, selection: Selection<'_>) -> Result<(), QueryError> {
        let (Some(table), Some(key)) = (&selection.filter.table, &selection.filter.key) else {
            return Ok(());
        };
        let of_table = Filter { table: Some(table.clone()), ..Filter::default() };
        let of_table = Selection { filter: &of_table, ..selection };
        // A truncate has no key; it cannot tell.
        let last = self.changes(of_table, Position::Newest, 5).await?;
        if last.is_empty() && !self.is_captured(selection.scope, table).await? {
            return Err(QueryError::NotCaptured { table: table.clone() });
        }
        let Some(known) = last.iter().map(|found| &found.change.key).find(|key| !key.is_empty()) else {
            return Ok(());
        };
        if known.keys().eq(key.keys()) {
            return Ok(());
        }
        let columns = |names: Vec<&String>| names.into_iter().cloned().collect();
        Err(QueryError::KeyMismatch {
            table: table.clone(),
            given: columns(key.keys().collect()),
            expected: columns(known.keys().collect()),
        })
    }
}
