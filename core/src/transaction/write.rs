//! Describes a write, and begins its audited transaction.

use std::time::Instant;

use serde_json::{Map, Value, json};
use sqlx::{PgPool, Postgres, Row, Transaction};
use uuid::Uuid;

use super::{Audited, AuditedTransaction, TransactionError, record, simple};
use crate::event::TRANSACTION_FAILED;
use crate::{Action, AuditContext, AuditTrail, StorageSchema, pool};

impl AuditTrail {
    /// Describes a write under this context, which [`begin`](AuditedWrite::begin), [`adopt`](AuditedWrite::adopt) or
    /// [`run`](AuditedWrite::run) starts. It uses the trail's own pool and storage schema.
    ///
    /// ```no_run
    /// # async fn escalate(
    /// #     trail: threadline::AuditTrail,
    /// #     context: threadline::AuditContext,
    /// # ) -> Result<(), threadline::TransactionError> {
    /// let mut tx = trail.write(&context).action("ticket.escalated").begin().await?;
    /// sqlx::query("UPDATE tickets SET priority = 'urgent' WHERE id = $1").bind(4711).execute(&mut *tx).await?;
    /// tx.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn write(&self, context: &AuditContext) -> AuditedWrite {
        AuditedWrite {
            context: context.clone(),
            why: Why::Untold,
            metadata: None,
            pool: self.pool.clone(),
            schema: self.schema.clone(),
            allow_missing_actor: false,
        }
    }
}

/// A write that has not started yet: the actor, and the action if there is one. [`AuditTrail::write`] creates it;
/// [`begin`](Self::begin) and [`adopt`](Self::adopt) turn it into an [`AuditedTransaction`], and [`run`](Self::run) runs a
/// closure in one.
///
/// ```no_run
/// # async fn escalate(
/// #     trail: threadline::AuditTrail,
/// #     context: threadline::AuditContext,
/// # ) -> Result<(), threadline::TransactionError> {
/// let mut tx = trail.write(&context).action("ticket.escalated").begin().await?;
/// sqlx::query("UPDATE tickets SET priority = 'urgent' WHERE id = $1").bind(4711).execute(&mut *tx).await?;
/// let written = tx.commit().await?;
/// println!("audit transaction {}", written.transaction_id);
/// # Ok(())
/// # }
/// ```
///
/// Without an action the changes are captured with their actor, and nothing says why.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before begin, adopt or run"]
pub struct AuditedWrite {
    pub(super) context: AuditContext,
    pub(super) why: Why,
    pub(super) metadata: Option<Map<String, Value>>,
    pub(super) schema: StorageSchema,
    pool: PgPool,
    allow_missing_actor: bool,
}

/// The reason that a transaction is tied to.
#[derive(Debug, Clone)]
pub(super) enum Why {
    Untold,
    Recorded(Action),
    Linked(Uuid),
}

impl AuditedWrite {
    /// Records this action with the write. The write is refused when it captures nothing.
    pub fn action(mut self, action: impl Into<Action>) -> Self {
        self.why = Why::Recorded(action.into());
        self
    }

    /// Ties the write to an action that is recorded already: the one of another audited transaction, or of
    /// [`AuditTrail::record_action`](crate::AuditTrail::record_action). So one action spans several transactions.
    pub fn under_action(mut self, id: Uuid) -> Self {
        self.why = Why::Linked(id);
        self
    }

    /// Facts about the transaction as a whole, kept in `audit_transactions.meta`. The write is refused when it captures
    /// nothing.
    pub fn metadata(mut self, metadata: Map<String, Value>) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Lets the write happen although nobody is known to act. An action needs an actor all the same.
    pub const fn allow_missing_actor(mut self) -> Self {
        self.allow_missing_actor = true;
        self
    }

    /// Begins a transaction of its own.
    ///
    /// # Errors
    /// [`TransactionError`]; what is wrong with the context, the action or the metadata is found before anything happens.
    pub async fn begin(self) -> Result<AuditedTransaction<'static>, TransactionError> {
        let began = Instant::now();
        let begun = async {
            self.check()?;
            let mut transaction = pool::begin(&self.pool, "BEGIN").await?;
            let sql = format!("SELECT {}", self.declaration());
            let row = simple::row(&mut *transaction, &self.schema, &sql).await?;
            let (id, action_id) = (row.try_get("transaction_id")?, row.try_get("action_id")?);
            self.require_action(action_id)?;
            Ok(AuditedTransaction { transaction, write: self, id, action_id, began })
        };
        begun.await.inspect_err(report)
    }

    /// Takes over a transaction that the host has begun, before its first captured write. Dropping or refusing it rolls it
    /// back. The transaction may come from another pool of the same database.
    ///
    /// ```no_run
    /// # async fn escalate(
    /// #     pool: sqlx::PgPool,
    /// #     trail: threadline::AuditTrail,
    /// #     context: threadline::AuditContext,
    /// # ) -> Result<(), threadline::TransactionError> {
    /// let transaction = pool.begin().await?;
    /// let mut tx = trail.write(&context).action("ticket.escalated").adopt(transaction).await?;
    /// # tx.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The errors of [`begin`](Self::begin), [`TransactionError::Nested`] and [`TransactionError::AlreadyCaptured`].
    pub async fn adopt(
        self,
        mut transaction: Transaction<'_, Postgres>,
    ) -> Result<AuditedTransaction<'_>, TransactionError> {
        let began = Instant::now();
        let adopted = async {
            self.check()?;
            // The settings are read first: the declaration replaces what they say of this transaction.
            let sql = format!(
                "SELECT before.audited, before.captured, {}
                 FROM (SELECT pg_catalog.current_setting('threadline.audited', true) AS audited,
                              __schema__.threadline_is_captured() AS captured OFFSET 0) AS before",
                self.declaration()
            );
            let row = simple::row(&mut *transaction, &self.schema, &sql).await?;
            let id = row.try_get("transaction_id")?;
            let (audited, captured): (Option<String>, bool) =
                (row.try_get("audited")?, row.try_get("captured")?);
            if audited.is_some_and(|audited| !audited.is_empty()) {
                return Err(TransactionError::Nested);
            }
            if captured {
                return Err(TransactionError::AlreadyCaptured);
            }
            let action_id = row.try_get("action_id")?;
            self.require_action(action_id)?;
            Ok(AuditedTransaction { transaction, write: self, id, action_id, began })
        };
        adopted.await.inspect_err(report)
    }

    /// Runs the closure within a transaction of its own and commits, unless the closure fails or panics.
    ///
    /// ```no_run
    /// # async fn escalate(
    /// #     trail: threadline::AuditTrail,
    /// #     context: threadline::AuditContext,
    /// # ) -> Result<(), threadline::TransactionError> {
    /// use threadline::TransactionError;
    ///
    /// let written = trail
    ///     .write(&context)
    ///     .action("ticket.escalated")
    ///     .run(async |tx| {
    ///         let update = sqlx::query("UPDATE tickets SET priority = 'urgent' WHERE id = $1").bind(4711);
    ///         Ok::<_, TransactionError>(update.execute(&mut *tx).await?.rows_affected())
    ///     })
    ///     .await?;
    /// println!("{} rows in audit transaction {}", written.value, written.transaction_id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The closure's own, and [`TransactionError`] as the closure's error type takes it up. Everything is rolled back then.
    pub async fn run<T, E, F>(self, work: F) -> Result<Audited<T>, E>
    where
        F: AsyncFnOnce(&mut sqlx::PgConnection) -> Result<T, E>,
        E: From<TransactionError>,
    {
        let mut transaction = self.begin().await?;
        let value = work(&mut transaction).await?;
        let Audited { transaction_id, action_id, .. } = transaction.commit().await?;
        Ok(Audited { value, transaction_id, action_id })
    }

    /// The name of the action that is to be recorded.
    pub(super) fn action_name(&self) -> Option<String> {
        match &self.why {
            Why::Recorded(action) => Some(action.name.clone()),
            Why::Untold | Why::Linked(_) => None,
        }
    }

    fn check(&self) -> Result<(), TransactionError> {
        let explained = !matches!(self.why, Why::Untold);
        if self.context.actor.is_none() && (explained || !self.allow_missing_actor) {
            return Err(TransactionError::MissingActor { action: self.action_name() });
        }
        if let Why::Recorded(action) = &self.why {
            action.check()?;
        }
        let metadata = json!(self.metadata);
        // JSON writes the character as an escape; one that stands for a backslash and "u0000" is doubled.
        if metadata.to_string().replace(r"\\", "").contains(r"\u0000") {
            return Err(TransactionError::InvalidMetadata);
        }
        Ok(())
    }

    /// The SQL that makes a transaction this write's own; the settings end with it.
    ///
    /// The first setting is what the capture functions read; it is set without an actor as well, because one that somebody
    /// has left in the session must not sign this write. The second one tells an audited transaction from others. The action
    /// and the metadata are declared before the first captured write, which writes the transaction's row once and for all.
    fn declaration(&self) -> String {
        let actor = self.context.stored_actor().map(|actor| actor.to_string()).unwrap_or_default();
        let metadata = self.metadata.as_ref().map(|metadata| json!(metadata));
        let action = match &self.why {
            Why::Untold => None,
            Why::Linked(id) => Some(json!({ "id": id })),
            Why::Recorded(action) => Some(record::arguments(&self.context, action)),
        };
        let declared = if action.is_none() && metadata.is_none() {
            "pg_catalog.set_config('threadline.declared', '', true), NULL::pg_catalog.uuid AS action_id"
                .to_owned()
        } else {
            let (action, metadata) = (simple::json(action.as_ref()), simple::json(metadata.as_ref()));
            format!("__schema__.threadline_declare({action}, {metadata}) AS action_id")
        };
        format!(
            "pg_catalog.set_config('threadline.actor_ref', {}, true),
             pg_catalog.set_config('threadline.audited', 'yes', true),
             {declared},
             __schema__.threadline_transaction_id() AS transaction_id",
            simple::text(&actor)
        )
    }

    /// An action to link to has to be there.
    fn require_action(&self, found: Option<Uuid>) -> Result<(), TransactionError> {
        match (&self.why, found) {
            (Why::Linked(id), None) => Err(TransactionError::UnknownAction { id: *id }),
            _ => Ok(()),
        }
    }
}

/// The actor that the first captured write of a transaction found, as JSON text, empty where there was none; `None` where the
/// transaction has captured nothing. The setting holds the transaction's id and the actor.
pub(super) fn captured_actor(setting: Option<&str>, transaction: Uuid) -> Option<&str> {
    let (id, actor) = setting?.split_once(' ')?;
    (Uuid::try_parse(id) == Ok(transaction)).then_some(actor)
}

pub(super) fn report(error: &TransactionError) {
    TRANSACTION_FAILED.emit(&[error.reason()], None);
}
