//! One row: its history, and its state as of a moment.

mod as_of;
pub(super) mod field_counts;
mod key_holder;
mod removal;

use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::model::cursor::Position;
use crate::query::model::error::QueryError;
use crate::query::model::filter::Filter;
use crate::query::model::operation::Operation;
use crate::query::model::page::Page;
use crate::query::model::row_key::RowKey;
use crate::query::model::timeline_entry::TimelineEntry;
use crate::{Scope, TableName};

impl Snapshot<'_> {
    /// Returns the history of one row: a page of at most `size` changes, newest first, including each TRUNCATE of its table.
    /// The other conditions of the filter apply as well; its own table and key are replaced.
    ///
    /// A row whose key was changed has a history under each key. [`Change::old_key`](crate::query::Change::old_key) of the
    /// change between them is the earlier key.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::{Filter, Position};
    ///
    /// let (scope, any) = (Scope::unscoped(), Filter::default());
    /// let mut snapshot = trail.snapshot().await?;
    /// let history =
    ///     snapshot.row_history(&scope, "tickets", [("id", 4711)], &any, Position::Newest, 200).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Timeout`] and [`QueryError::Database`]. If no change matches, also [`QueryError::KeyMismatch`] if the
    /// table has other key columns, and [`QueryError::NotCaptured`].
    pub async fn row_history(
        &mut self,
        scope: &Scope,
        table: impl Into<TableName>,
        key: impl Into<RowKey>,
        filter: &Filter,
        position: Position,
        size: usize,
    ) -> Result<Page<TimelineEntry>, QueryError> {
        let filter = Filter { table: Some(table.into().into()), key: Some(key.into()), ..filter.clone() };
        let criteria = Criteria::new(scope, &filter);
        let with_truncates = Criteria { with_truncates: true, ..criteria };
        let page = self.page(with_truncates, position, size).await?;
        let is_of_row = |entry: &TimelineEntry| entry.change.operation != Operation::Truncate;
        if page.entries.iter().any(is_of_row) {
            return Ok(page);
        }
        // A TRUNCATE alone is not the history of a row, and a limited scope must not show one in that way.
        let any = Filter { from: None, to: None, ..filter.clone() };
        if self.may_exist(Criteria::new(scope, &any), Position::Newest).await? {
            return Ok(page);
        }
        self.check_key(criteria).await?;
        Ok(Page { entries: Vec::new(), newer: None, older: None, truncated_at: page.truncated_at })
    }
}
