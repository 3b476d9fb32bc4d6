//! One transaction whole: who, why, and every change with its old values.

use uuid::Uuid;

use super::conditions::Selection;
use super::{Change, Filter, Position, QueryError, TransactionRecord};
use crate::{AuditTrail, Scope};

/// A transaction, its action, and its changes with their old values: what an incident report needs.
#[derive(Debug, Clone)]
pub struct IncidentBundle {
    /// Who, when and why.
    pub transaction: TransactionRecord,
    /// Its changes, newest first. [`Change::diff`] and [`Change::fields`] show them field by field.
    pub changes: Vec<Change>,
    /// Whether there are more changes than were asked for.
    pub truncated: bool,
}

impl AuditTrail {
    /// One transaction with at most `limit` of its changes and their old values; none when there is no such transaction or
    /// when the scope shows none of its changes.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn incident_bundle(
        &self,
        scope: &Scope,
        id: Uuid,
        limit: usize,
    ) -> Result<Option<IncidentBundle>, QueryError> {
        let Some(detail) = self.transaction(scope, id, Position::Newest, limit).await? else {
            return Ok(None);
        };
        let truncated = detail.changes.older.is_some();
        let mut changes = detail.changes.entries;
        self.complete_old_values(scope, &mut changes).await?;
        Ok(Some(IncidentBundle { transaction: detail.transaction, changes, truncated }))
    }

    /// Looks up the old values that changes do not hold, in the change of the same row before them. What the scope hides stays
    /// unknown.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn complete_old_values<'c>(
        &self,
        scope: &Scope,
        changes: impl IntoIterator<Item = &'c mut Change>,
    ) -> Result<(), QueryError> {
        // Collected, because a future that holds a closure over references is not `Send` for whoever spawns it.
        let incomplete: Vec<_> = changes.into_iter().filter(|change| change.lacks_old_values()).collect();
        if incomplete.is_empty() {
            return Ok(());
        }
        let mut reader = self.reader().await?;
        for change in incomplete {
            let Some(key) = change.row_key() else { continue };
            let filter = Filter { table: Some(change.table.clone()), key: Some(key), ..Filter::default() };
            let selection = Selection { scope, filter: &filter, transaction: None };
            let previous = reader.changes(selection, Position::OlderThan(change.cursor()), 1).await?;
            change.previous = previous.into_iter().next().and_then(|found| found.change.after);
        }
        Ok(())
    }
}
