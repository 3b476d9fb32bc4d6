//! Writing with an actor and a reason.

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

use self::write::{Why, captured_actor, report};
use crate::event::{ACTION_RECORDED, TRANSACTION_COMMITTED};

/// A database transaction whose changes carry an actor, and a reason if there is one: what [`AuditedWrite::begin`] and
/// [`AuditedWrite::adopt`] answer.
///
/// It dereferences to the connection, so statements run on `&mut *tx`. The actor is set inside the transaction before the
/// first write and ends with it, so no other user of the pooled connection can inherit it. Dropping the value without
/// [`commit`](Self::commit) rolls everything back, also in a panic or when the future is cancelled.
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
pub struct Audited<T> {
    /// The value that the closure of [`AuditedWrite::run`] returned.
    pub value: T,
    /// The id of the audit transaction. Where there was neither an action nor metadata, nobody has looked whether anything
    /// was captured: if not, the trail has no such transaction.
    pub transaction_id: Uuid,
    /// The id of the action; none when there is none. Other writes can happen [under it](AuditedWrite::under_action).
    pub action_id: Option<Uuid>,
}

impl AuditedTransaction<'_> {
    /// Commits, when what was declared explains a captured write.
    ///
    /// # Errors
    /// [`TransactionError::NothingCaptured`] when there is an action or metadata and no captured table changed,
    /// [`TransactionError::ActorReplaced`], and what the database refuses. Then everything is rolled back.
    pub async fn commit(mut self) -> Result<Audited<()>, TransactionError> {
        let written = self.complete().await.inspect_err(report)?;
        let Self { transaction, write, began, .. } = self;
        transaction.commit().await.map_err(TransactionError::from).inspect_err(report)?;
        let action = match &write.why {
            Why::Untold => "none",
            Why::Linked(_) => "linked",
            Why::Recorded(action) => {
                ACTION_RECORDED.emit(&[action.status.as_str(), "yes"], None);
                "recorded"
            }
        };
        TRANSACTION_COMMITTED.emit(&[action], Some(began.elapsed().as_secs_f64()));
        Ok(written)
    }

    /// Gives everything up.
    ///
    /// # Errors
    /// [`TransactionError::Database`] when the connection is gone; the server rolls back then as well.
    pub async fn rollback(self) -> Result<(), TransactionError> {
        Ok(self.transaction.rollback().await?)
    }

    /// Checks that what was declared explains something: one round trip, and none where nothing was declared.
    ///
    /// The capture functions leave a setting, which is asked for instead of the transaction's row: reading that row would touch
    /// an index page that every other session writes to, and SERIALIZABLE transactions would conflict there.
    async fn complete(&mut self) -> Result<Audited<()>, TransactionError> {
        let write = &self.write;
        let audited = Audited { value: (), transaction_id: self.id, action_id: self.action_id };
        if matches!(write.why, Why::Untold) && write.metadata.is_none() {
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
