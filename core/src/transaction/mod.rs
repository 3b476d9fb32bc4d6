//! Audited transactions: writes with an actor and an action.

mod error;
mod record;
mod simple;
mod write;

pub use error::TransactionError;
pub use write::AuditedWrite;

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use serde_json::Value;
use sqlx::{PgConnection, Postgres, Row, Transaction};
use uuid::Uuid;

use self::write::{ActionLink, captured_actor, report};
use crate::event::{ACTION_RECORDED, TRANSACTION_COMMITTED};

/// A database transaction whose changes carry an actor, and an action if there is one. [`AuditedWrite::begin`] and
/// [`AuditedWrite::adopt`] return it.
///
/// It dereferences to the connection, so statements run on `&mut *tx`. The actor is set inside the transaction before the
/// first write and ends with it, so no other user of the pooled connection can inherit it. Dropping the value without
/// [`commit`](Self::commit) rolls everything back, also after a panic or when the future is cancelled.
#[derive(Debug)]
#[must_use = "dropping it rolls everything back"]
pub struct AuditedTransaction<'c> {
    transaction: Transaction<'c, Postgres>,
    write: AuditedWrite,
    id: Uuid,
    action_id: Option<Uuid>,
    began: Instant,
}

/// The result of a committed write: the value of the closure, and the ids in the audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audited<T> {
    /// The value that the closure of [`AuditedWrite::run`] returned.
    pub value: T,
    /// The id of the audit transaction. A write without an action and without metadata may have captured nothing; then the
    /// trail holds no transaction with this id.
    pub transaction_id: Uuid,
    /// The id of the action; `None` if the write has no action. [`AuditedWrite::under_action`] links further writes to it.
    pub action_id: Option<Uuid>,
}

impl AuditedTransaction<'_> {
    /// Commits the transaction. If there is an action or metadata, a captured row must have changed, because otherwise nothing
    /// in the trail would show them. This check takes one round trip; a write without both takes none.
    ///
    /// # Errors
    /// [`TransactionError::NothingCaptured`] if there is an action or metadata, and no row of a captured table changed.
    /// [`TransactionError::ActorReplaced`] if a statement of the transaction replaced the actor, and
    /// [`TransactionError::Database`] if the database returns an error. Everything is rolled back in these cases.
    /// [`TransactionError::CommitUnknown`] if the connection ends before the answer to `COMMIT`: then everything is committed, or
    /// everything is rolled back.
    pub async fn commit(mut self) -> Result<Audited<()>, TransactionError> {
        let written = self.complete().await.inspect_err(report)?;
        let Self { transaction, write, began, .. } = self;
        let committed = transaction.commit().await;
        committed
            .map_err(|error| TransactionError::of_commit(error, written.transaction_id))
            .inspect_err(report)?;
        let action = match &write.action_link {
            ActionLink::None => "none",
            ActionLink::Existing(_) => "linked",
            ActionLink::New(action) => {
                ACTION_RECORDED.emit(&[action.status.as_str(), "yes"], None);
                "recorded"
            }
        };
        TRANSACTION_COMMITTED.emit(&[action], Some(began.elapsed().as_secs_f64()));
        Ok(written)
    }

    /// Rolls the transaction back. Dropping it has the same effect, but does not wait for the server.
    ///
    /// # Errors
    /// [`TransactionError::Database`] if the connection is lost; the server rolls back in that case, too.
    pub async fn rollback(self) -> Result<(), TransactionError> {
        Ok(self.transaction.rollback().await?)
    }

    /// Checks that a captured row changed if there is an action or metadata. That takes one round trip, and none without both.
    ///
    /// The capture functions set a setting, which is read instead of the transaction's row: reading that row would touch an
    /// index page that every other session writes to, and SERIALIZABLE transactions would conflict there.
    async fn complete(&mut self) -> Result<Audited<()>, TransactionError> {
        let write = &self.write;
        let audited = Audited { value: (), transaction_id: self.id, action_id: self.action_id };
        if matches!(write.action_link, ActionLink::None) && write.metadata.is_none() {
            return Ok(audited);
        }
        let sql = "SELECT pg_catalog.current_setting('threadline.captured', true) AS captured";
        let row = simple::row(&mut *self.transaction, &write.schema, sql).await?;
        let captured: Option<String> = row.try_get("captured")?;
        let Some(actor) = captured_actor(captured.as_deref(), self.id) else {
            return Err(TransactionError::NothingCaptured { action: write.action_name() });
        };
        if serde_json::from_str::<Value>(actor).ok() != write.context.stored_actor() {
            return Err(TransactionError::ActorReplaced);
        }
        Ok(audited)
    }
}

impl Deref for AuditedTransaction<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for AuditedTransaction<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}
