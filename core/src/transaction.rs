//! Writing with an actor and a reason.

use std::ops::{Deref, DerefMut};

use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::{Action, AuditContext, StorageSchema};

/// A database transaction whose changes carry an actor and a named action.
///
/// The actor is set inside the transaction before the first write and ends with it, so no other user of the pooled
/// connection can inherit it. Dropping the value without [`commit`](Self::commit) rolls everything back.
///
/// ```no_run
/// # async fn escalate(pool: sqlx::PgPool, context: threadline::AuditContext) -> Result<(), Box<dyn std::error::Error>> {
/// use threadline::{Action, AuditedTransaction};
///
/// let mut tx = AuditedTransaction::begin(&pool, &context, Action::named("ticket.escalated")).await?;
/// sqlx::query("UPDATE tickets SET priority = 'urgent' WHERE id = $1").bind(4711).execute(&mut *tx).await?;
/// let transaction_id = tx.commit().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AuditedTransaction {
    transaction: Transaction<'static, Postgres>,
    context: AuditContext,
    action: Action,
}

/// Why an audited transaction did not take place; nothing of it remains.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// The action's name is empty, too long, or holds control characters.
    #[error(
        "action name {name:?}: use 1 to 200 bytes without control characters, such as \"ticket.escalated\""
    )]
    InvalidAction {
        /// The name.
        name: String,
    },
    /// No audited table changed, so there is nothing the action could explain.
    #[error(
        "action {action:?} changed no row of a captured table, so it was rolled back: are the tables captured?"
    )]
    NothingCaptured {
        /// The action's name.
        action: String,
    },
    /// The database refused or went away.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl AuditedTransaction {
    /// Begins a transaction in which this actor acts for this reason. The trail is the one in schema `threadline`.
    ///
    /// # Errors
    /// [`TransactionError::InvalidAction`] before anything happens; [`TransactionError::Database`].
    pub async fn begin(
        pool: &PgPool,
        context: &AuditContext,
        action: Action,
    ) -> Result<Self, TransactionError> {
        if !action.is_valid() {
            return Err(TransactionError::InvalidAction { name: action.name });
        }
        let mut transaction = pool.begin().await?;
        sqlx::query("SELECT set_config('threadline.actor_ref', $1::jsonb::text, true)")
            .bind(Json(context.actor()))
            .execute(&mut *transaction)
            .await?;
        Ok(Self { transaction, context: context.clone(), action })
    }

    /// Records the action, links it to what was captured, and commits. Answers the audit transaction's id.
    ///
    /// # Errors
    /// [`TransactionError::NothingCaptured`] when no captured table changed; then, and after any other error, everything is
    /// rolled back.
    pub async fn commit(mut self) -> Result<Uuid, TransactionError> {
        let id = self.link_action().await?;
        let Some(id) = id else {
            self.transaction.rollback().await?;
            return Err(TransactionError::NothingCaptured { action: self.action.name });
        };
        self.transaction.commit().await?;
        Ok(id)
    }

    /// Gives everything up.
    ///
    /// # Errors
    /// [`TransactionError::Database`] when the connection is gone; the server rolls back then as well.
    pub async fn rollback(self) -> Result<(), TransactionError> {
        Ok(self.transaction.rollback().await?)
    }

    /// One statement, so one round trip: the action is made only where there is a transaction to link it to.
    async fn link_action(&mut self) -> Result<Option<Uuid>, sqlx::Error> {
        let sql = StorageSchema::default().fill(
            "WITH captured AS (
               SELECT id FROM __schema__.audit_transactions
               WHERE id = __schema__.threadline_transaction_id() AND occurred_at = now()
             ), action AS (
               INSERT INTO __schema__.audit_actions (name, actor_ref, reason, correlation_id, request_id)
               SELECT $1, $2, $3, $4, $5 FROM captured RETURNING id
             )
             UPDATE __schema__.audit_transactions SET action_id = action.id FROM action
             WHERE audit_transactions.id = __schema__.threadline_transaction_id() AND occurred_at = now()
             RETURNING audit_transactions.id",
        );
        sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(&self.action.name)
            .bind(Json(&self.context.actor))
            .bind(&self.action.reason)
            .bind(&self.context.correlation_id)
            .bind(&self.context.request_id)
            .fetch_optional(&mut *self.transaction)
            .await
    }
}

impl Deref for AuditedTransaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for AuditedTransaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}
