//! Records an action without a write.

use serde_json::{Value, json};
use sqlx::Row;
use uuid::Uuid;

use super::{TransactionError, simple};
use crate::event::{ACTION_FAILED, ACTION_RECORDED};
use crate::{Action, AuditContext, AuditTrail};

impl AuditTrail {
    /// Records an action without a write, and returns its id. Writes can be [linked to it](crate::AuditedWrite::under_action)
    /// later, and one action can have several of them.
    ///
    /// ```no_run
    /// # async fn export(pool: sqlx::PgPool, context: threadline::AuditContext) -> Result<(), threadline::TransactionError> {
    /// use threadline::AuditTrail;
    ///
    /// let trail = AuditTrail::new(pool.clone());
    /// let action = trail.record_action(&context, "tickets.merged").await?;
    /// for id in [1, 2] {
    ///     let mut tx = trail.write(&context).under_action(action).begin().await?;
    ///     sqlx::query("UPDATE tickets SET merged_into = 3 WHERE id = $1").bind(id).execute(&mut *tx).await?;
    ///     tx.commit().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`TransactionError::MissingActor`] if the context has no actor, and [`TransactionError::InvalidAction`] if the texts of
    /// the action are not valid; both before anything is written. [`TransactionError::NotInstalled`],
    /// [`TransactionError::MissingRight`] and [`TransactionError::Database`] if the database returns an error.
    pub async fn record_action(
        &self,
        context: &AuditContext,
        action: impl Into<Action>,
    ) -> Result<Uuid, TransactionError> {
        let action = action.into();
        let recorded = async {
            if context.actor.is_none() {
                return Err(TransactionError::MissingActor { action: Some(action.name.clone()) });
            }
            action.check()?;
            let arguments = simple::json(Some(&arguments(context, &action)));
            let sql = format!("SELECT __schema__.threadline_record_action({arguments}) AS id");
            Ok(simple::row(&self.pool, &self.schema, &sql).await?.try_get("id")?)
        };
        match recorded.await {
            Ok(id) => {
                ACTION_RECORDED.emit(&[action.status.as_str(), "no"], None);
                Ok(id)
            }
            Err(error) => {
                ACTION_FAILED.emit(&[error.reason()], None);
                Err(error)
            }
        }
    }
}

/// Returns the columns of an action, as `threadline_record_action` takes them.
pub(super) fn arguments(context: &AuditContext, action: &Action) -> Value {
    let mut arguments = json!(action);
    arguments["actor_ref"] = json!(context.stored_actor());
    for (name, id) in context.ids() {
        arguments[name] = id;
    }
    arguments
}
