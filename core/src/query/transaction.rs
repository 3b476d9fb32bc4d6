//! One transaction with its changes.

use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use super::page::Selection;
use super::{Change, Filter, Page, Position, QueryError, TransactionRecord};
use crate::{AuditTrail, Scope};

/// A transaction and a page of its changes.
#[derive(Debug, Clone)]
pub struct TransactionDetail {
    /// Who, when and why.
    pub transaction: TransactionRecord,
    /// Its changes, newest first.
    pub changes: Page<Change>,
}

impl AuditTrail {
    /// One transaction with at most `size` of its changes, newest first; none when there is no such transaction or when
    /// the scope shows none of its changes.
    ///
    /// # Errors
    /// [`QueryError`] when the database does not answer.
    pub async fn transaction(
        &self,
        scope: &Scope,
        id: Uuid,
        position: Position,
        size: usize,
    ) -> Result<Option<TransactionDetail>, QueryError> {
        let mut connection = self.read().await?;
        let filter = Filter::default();
        let selection = Selection { schema: &self.schema, scope, filter: &filter, transaction: Some(id) };
        let page = selection.page(&mut connection, position, size).await?;
        if page.entries.is_empty()
            && scope.is_limited()
            && !selection.has(&mut connection, Position::Newest).await?
        {
            return Ok(None);
        }
        let header = sqlx::query(AssertSqlSafe(self.schema.fill(
            "SELECT t.id AS transaction_id, t.occurred_at, t.actor_ref, a.id AS action_id, a.name AS action_name,
                    a.reason AS action_reason, a.correlation_id AS action_correlation_id,
                    a.request_id AS action_request_id
             FROM __schema__.audit_transactions t LEFT JOIN __schema__.audit_actions a ON a.id = t.action_id
             WHERE t.id = $1",
        )))
        .bind(id)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(header) = header else { return Ok(None) };
        let Page { entries, newer, older } = page;
        let changes = Page { entries: entries.into_iter().map(|entry| entry.change).collect(), newer, older };
        Ok(Some(TransactionDetail { transaction: TransactionRecord::from_row(&header)?, changes }))
    }
}
