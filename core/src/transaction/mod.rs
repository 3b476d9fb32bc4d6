//! Writing with an actor and a reason.

mod error;
mod record;
mod simple;
mod write;

pub use error::TransactionError;
pub use write::AuditedWrite;

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use serde_json::{Value, json};
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, Row, Transaction};
use uuid::Uuid;

use self::write::{Why, report};
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
    began: Instant,
}

/// What was written: the value of the closure, and where the trail has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audited<T> {
    /// What [`AuditedWrite::run`]'s closure answered.
    pub value: T,
    /// The id of the audit transaction. Where there was neither an action nor metadata, nobody has looked whether anything
    /// was captured: if not, the trail has no such transaction.
    pub transaction_id: Uuid,
    /// The id of the action; none when there is none. Other writes can happen [under it](AuditedWrite::under_action).
    pub action_id: Option<Uuid>,
}

impl AuditedTransaction<'_> {
    /// Records the action, ties the transaction to it, and commits.
    ///
    /// # Errors
    /// [`TransactionError::NothingCaptured`] when there is an action or metadata and no captured table changed,
    /// [`TransactionError::UnknownAction`], [`TransactionError::ActorReplaced`], and what the database refuses. Then
    /// everything is rolled back.
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

    /// One round trip for the action, its link and the metadata; none where there is nothing to tell.
    async fn complete(&mut self) -> Result<Audited<()>, TransactionError> {
        let write = &self.write;
        let metadata = write.metadata.as_ref().map(|metadata| json!(metadata));
        let action = match &write.why {
            Why::Untold => None,
            Why::Linked(id) => Some(json!({ "id": id })),
            Why::Recorded(action) => Some(record::arguments(&write.context, action)),
        };
        if action.is_none() && metadata.is_none() {
            return Ok(Audited { value: (), transaction_id: self.id, action_id: None });
        }
        let sql = format!(
            "SELECT transaction_id, action_id, actor FROM __schema__.threadline_complete_transaction({}, {})",
            simple::json(action.as_ref()),
            simple::json(metadata.as_ref())
        );
        let row = simple::row(&mut *self.transaction, &write.schema, &sql).await?;
        let Some(transaction_id) = row.try_get("transaction_id")? else {
            return Err(TransactionError::NothingCaptured { action: write.action_name() });
        };
        let actor: Option<Json<Value>> = row.try_get("actor")?;
        if actor.map(|actor| actor.0) != write.context.stored_actor() {
            return Err(TransactionError::ActorReplaced);
        }
        let action_id: Option<Uuid> = row.try_get("action_id")?;
        match (&write.why, action_id) {
            (Why::Linked(id), None) => Err(TransactionError::UnknownAction { id: *id }),
            _ => Ok(Audited { value: (), transaction_id, action_id }),
        }
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
