//! Builds a write and begins its audited transaction.

use std::time::Instant;

use serde_json::{Map, Value, json};
use sqlx::{PgPool, Postgres, Row, Transaction};
use uuid::Uuid;

use super::{Audited, AuditedTransaction, TransactionError, record, simple};
use crate::event::TRANSACTION_FAILED;
use crate::{Action, AuditContext, AuditTrail, StorageSchema, pool};

impl AuditTrail {
    /// Creates a write with the actor and the ids of this context. Nothing is sent to the database before
    /// [`begin`](AuditedWrite::begin), [`adopt`](AuditedWrite::adopt) or [`run`](AuditedWrite::run).
    ///
    /// The write uses the trail's own pool, never its [read pool](Self::read_pool).
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
            action_link: ActionLink::None,
            metadata: None,
            pool: self.pool.clone(),
            schema: self.schema.clone(),
            allow_missing_actor: false,
        }
    }
}

/// The builder of an audited transaction. [`AuditTrail::write`] creates it with the actor; its setters add an action or
/// metadata.
///
/// [`begin`](Self::begin) and [`adopt`](Self::adopt) turn it into an [`AuditedTransaction`], and [`run`](Self::run) calls a
/// closure within one.
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
/// Without an action the changes are captured with their actor only.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before begin, adopt or run"]
pub struct AuditedWrite {
    pub(super) context: AuditContext,
    pub(super) action_link: ActionLink,
    pub(super) metadata: Option<Map<String, Value>>,
    pub(super) schema: StorageSchema,
    pool: PgPool,
    allow_missing_actor: bool,
}

/// The action to which a write is linked.
#[derive(Debug, Clone)]
pub(super) enum ActionLink {
    /// It has no action.
    None,
    /// An action is recorded with it.
    New(Action),
    /// The action of this id is recorded already.
    Existing(Uuid),
}

impl AuditedWrite {
    /// Sets the action to record with the write. The commit fails if no captured row changed.
    pub fn action(mut self, action: impl Into<Action>) -> Self {
        self.action_link = ActionLink::New(action.into());
        self
    }

    /// Links the write to an action that is already recorded, so that one action can have several transactions. The id is that
    /// of [`Audited::action_id`](crate::Audited::action_id) or [`AuditTrail::record_action`](crate::AuditTrail::record_action).
    /// The commit fails if no captured row changed. This replaces an [`action`](Self::action), and is replaced by one.
    pub fn under_action(mut self, id: Uuid) -> Self {
        self.action_link = ActionLink::Existing(id);
        self
    }

    /// Sets a JSON object with facts about the whole transaction, which the column `audit_transactions.meta` stores and
    /// [`TransactionRecord::metadata`](crate::query::TransactionRecord::metadata) returns. The commit fails if no captured row
    /// changed.
    pub fn metadata(mut self, metadata: Map<String, Value>) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Allows the write without an actor. A write with an action needs one nevertheless.
    pub const fn allow_missing_actor(mut self) -> Self {
        self.allow_missing_actor = true;
        self
    }

    /// Begins the transaction on a connection of the trail's pool.
    ///
    /// # Errors
    /// [`TransactionError::MissingActor`], [`TransactionError::InvalidAction`] and [`TransactionError::InvalidMetadata`] before
    /// a connection is used. [`TransactionError::UnknownAction`], [`TransactionError::NotInstalled`],
    /// [`TransactionError::MissingRight`] and [`TransactionError::Database`] after that.
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

    /// Takes over a transaction that the host has begun, before its first captured write. It is rolled back if this fails, or
    /// if the result is dropped. The transaction may come from another pool of the same database.
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
    /// As [`begin`](Self::begin), and [`TransactionError::Nested`] for a savepoint of an audited transaction, and
    /// [`TransactionError::AlreadyCaptured`] if captured rows were written before.
    pub async fn adopt(
        self,
        mut transaction: Transaction<'_, Postgres>,
    ) -> Result<AuditedTransaction<'_>, TransactionError> {
        let began = Instant::now();
        let adopted = async {
            self.check()?;
            // The settings are read first, because the declaration replaces them.
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

    /// Begins a transaction, calls the closure with its connection, and commits if the closure returns `Ok`. The value of the
    /// closure is in [`Audited::value`](crate::Audited::value).
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
    /// The error of the closure, or a [`TransactionError`] of [`begin`](Self::begin) or [`commit`](AuditedTransaction::commit),
    /// converted to the error type of the closure. Everything is rolled back in each case, and if the closure panics, except that
    /// the outcome is open after [`TransactionError::CommitUnknown`].
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

    /// Returns the name of the action to record.
    pub(super) fn action_name(&self) -> Option<String> {
        match &self.action_link {
            ActionLink::New(action) => Some(action.name.clone()),
            ActionLink::None | ActionLink::Existing(_) => None,
        }
    }

    fn check(&self) -> Result<(), TransactionError> {
        let explained = !matches!(self.action_link, ActionLink::None);
        if self.context.actor.is_none() && (explained || !self.allow_missing_actor) {
            return Err(TransactionError::MissingActor { action: self.action_name() });
        }
        if let ActionLink::New(action) = &self.action_link {
            action.check()?;
        }
        let metadata = json!(self.metadata);
        // JSON escapes the character. A text of a backslash and "u0000" has a doubled backslash instead.
        if metadata.to_string().replace(r"\\", "").contains(r"\u0000") {
            return Err(TransactionError::InvalidMetadata);
        }
        Ok(())
    }

    /// Returns the SQL that sets the actor, the action and the metadata of a transaction. The settings end with the
    /// transaction.
    ///
    /// The capture functions read the first setting. It is set without an actor as well, because a setting that another client
    /// has left in the session must not apply to this write. The second one marks an audited transaction. The action and the
    /// metadata are declared before the first captured write, which inserts the row of the transaction; that row never changes.
    fn declaration(&self) -> String {
        let actor = self.context.stored_actor().map(|actor| actor.to_string()).unwrap_or_default();
        let metadata = self.metadata.as_ref().map(|metadata| json!(metadata));
        let action = match &self.action_link {
            ActionLink::None => None,
            ActionLink::Existing(id) => Some(json!({ "id": id })),
            ActionLink::New(action) => Some(record::arguments(&self.context, action)),
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

    /// Returns an error if the action to link to does not exist.
    fn require_action(&self, found: Option<Uuid>) -> Result<(), TransactionError> {
        match (&self.action_link, found) {
            (ActionLink::Existing(id), None) => Err(TransactionError::UnknownAction { id: *id }),
            _ => Ok(()),
        }
    }
}

/// Returns the actor that the first captured write of a transaction found, as JSON text; empty if there was none. Returns
/// `None` if the transaction has captured nothing. The setting holds the transaction's id and the actor.
pub(super) fn captured_actor(setting: Option<&str>, transaction: Uuid) -> Option<&str> {
    let (id, actor) = setting?.split_once(' ')?;
    (Uuid::try_parse(id) == Ok(transaction)).then_some(actor)
}

pub(super) fn report(error: &TransactionError) {
    TRANSACTION_FAILED.emit(&[error.reason()], None);
}
