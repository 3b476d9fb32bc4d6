//! One transaction with its changes.

use uuid::Uuid;

use super::{Change, Filter, InvalidParameter, Page, Position, QueryError, Snapshot, TransactionRecord};
use crate::query::engine::where_clause::Selection;
use crate::{AuditTrail, Scope};

/// A transaction and a page of its changes.
#[derive(Debug, Clone)]
pub struct TransactionDetail {
    /// Who, when and why.
    pub transaction: TransactionRecord,
    /// Its changes, newest first.
    pub changes: Page<Change>,
}

/// Reads the id of a transaction as somebody gave it.
///
/// ```
/// let error = threadline::query::transaction_id("17").unwrap_err();
/// assert!(error.to_string().starts_with(r#"transaction id is "17": expected a UUID"#));
/// ```
///
/// # Errors
/// [`InvalidParameter`] when it is no UUID.
pub fn transaction_id(text: &str) -> Result<Uuid, InvalidParameter> {
    let expected = "a UUID such as 0193c2aa-0000-7000-8000-00000000008d";
    Uuid::try_parse(text).map_err(|_| InvalidParameter::new("transaction id", text, expected))
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
        self.snapshot().await?.transaction(scope, id, position, size).await
    }
}

impl Snapshot<'_> {
    /// As [`AuditTrail::transaction`].
    ///
    /// # Errors
    /// The same.
    pub async fn transaction(
        &mut self,
        scope: &Scope,
        id: Uuid,
        position: Position,
        size: usize,
    ) -> Result<Option<TransactionDetail>, QueryError> {
        let reader = &mut self.0;
        let filter = Filter::default();
        let selection = Selection { transaction: Some(id), ..Selection::new(scope, &filter) };
        let page = reader.page(selection, position, size).await?;
        if page.entries.is_empty() && scope.is_limited() && !reader.has(selection, Position::Newest).await? {
            return Ok(None);
        }
        let transaction = match page.entries.first() {
            Some(entry) => Some(entry.transaction.clone()),
            None => reader.transactions(&[(id, None)]).await?.remove(&id),
        };
        let Some(transaction) = transaction else { return Ok(None) };
        Ok(Some(TransactionDetail { transaction, changes: page.map(|entry| entry.change) }))
    }
}
