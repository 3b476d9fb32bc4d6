//! What the trail holds, as it is read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::Cursor;
use super::layout::Layout;
use crate::{ActorRef, TableName};

/// A row as it was, column by column. Each value is the JSON text that the database keeps, so numbers stay exact.
pub type RowImage = BTreeMap<String, Box<RawValue>>;

/// The key of a row: its key columns with their values as text.
pub type RowKey = BTreeMap<String, Option<String>>;

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// The row was made.
    Insert,
    /// The row was changed.
    Update,
    /// The row was removed.
    Delete,
    /// The whole table was emptied.
    Truncate,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 4] = [Self::Insert, Self::Update, Self::Delete, Self::Truncate];

    /// The word that is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Truncate => "truncate",
        }
    }
}

/// One recorded change of one row.
#[derive(Debug, Clone)]
pub struct Change {
    /// The change's own id, ordered by time.
    pub id: Uuid,
    /// The audit transaction it belongs to.
    pub transaction_id: Uuid,
    /// The table.
    pub table: TableName,
    /// The row's key; empty where it is not known.
    pub key: RowKey,
    /// What happened.
    pub operation: Operation,
    /// The row after the change; none after a delete.
    pub after: Option<RowImage>,
    /// The old values that were kept: of the changed fields, or of the whole row for a delete.
    pub before: Option<RowImage>,
    /// The names of the changed fields, for an update.
    pub changed_fields: Option<Vec<String>>,
    /// The row after the change before this one, where [`complete_old_values`](crate::AuditTrail::complete_old_values) has
    /// looked it up: a second source of old values.
    pub previous: Option<RowImage>,
    /// When the statement that made the change was captured.
    pub captured_at: DateTime<Utc>,
}

impl Change {
    /// Its place in the total order.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor { captured_at: self.captured_at, id: self.id }
    }

    /// The key as a filter takes it; none where it is not known.
    #[must_use]
    pub fn row_key(&self) -> Option<BTreeMap<String, String>> {
        let key = self.key.iter().map(|(column, value)| Some((column.clone(), value.clone()?))).collect();
        Some(key).flatten().filter(|key: &BTreeMap<String, String>| !key.is_empty())
    }

    /// Whether some old value is not stored with the change.
    #[must_use]
    pub fn lacks_old_values(&self) -> bool {
        let stored = |field: &String| self.before.as_ref().is_some_and(|before| before.contains_key(field));
        match self.operation {
            Operation::Update => !self.changed_fields.iter().flatten().all(stored),
            Operation::Delete => self.before.is_none(),
            Operation::Insert | Operation::Truncate => false,
        }
    }
}

impl FromRow<'_, PgRow> for Change {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let operation: String = row.try_get("op")?;
        let image = |column| row.try_get::<Option<Json<RowImage>>, _>(column).map(|image| image.map(|i| i.0));
        Ok(Self {
            id: row.try_get("id")?,
            transaction_id: row.try_get("transaction_id")?,
            table: TableName::new(
                row.try_get::<String, _>("table_schema")?,
                row.try_get::<String, _>("table_name")?,
            ),
            key: row.try_get::<Json<RowKey>, _>("table_pk")?.0,
            operation: Operation::ALL
                .into_iter()
                .find(|op| op.as_str() == operation)
                .ok_or_else(|| sqlx::Error::Decode(format!("audit_changes.op holds {operation:?}").into()))?,
            after: image("data_after")?,
            before: image("changed_from")?,
            changed_fields: row.try_get("changed_fields")?,
            previous: None,
            captured_at: row.try_get("captured_at")?,
        })
    }
}

/// A database transaction that changed audited tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionRecord {
    /// The audit transaction's id.
    pub id: Uuid,
    /// When the transaction began.
    pub occurred_at: DateTime<Utc>,
    /// Who acted; none when the application did not say.
    pub actor: Option<ActorRef>,
    /// Whom the actor stood in for.
    pub on_behalf_of: Option<ActorRef>,
    /// Why, if the application said.
    pub action: Option<ActionRecord>,
    /// Facts about the transaction as a whole, as JSON, if the application said any.
    pub metadata: Option<Value>,
}

/// A recorded action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRecord {
    /// Its id.
    pub id: Uuid,
    /// Its name, such as `ticket.escalated`.
    pub name: String,
    /// How it ended: `ok` or `error`.
    pub status: String,
    /// What was done, in one word.
    pub verb: Option<String>,
    /// The kind of action.
    pub category: Option<String>,
    /// The reason in words.
    pub reason: Option<String>,
    /// Anything else worth knowing.
    pub comment: Option<String>,
    /// What ties it to other transactions.
    pub correlation_id: Option<String>,
    /// The request it came from.
    pub request_id: Option<String>,
    /// The job it came from.
    pub job_id: Option<String>,
}

impl TransactionRecord {
    /// What [`FromRow`] reads, from `audit_transactions` as `t` and `audit_actions` as `a`.
    pub(super) fn columns(layout: Layout) -> String {
        let meta = if layout.has_meta { "t.meta" } else { "NULL::jsonb AS meta" };
        format!("{}, {meta}", Self::COLUMNS)
    }

    /// The transaction of a change that has outlived it.
    pub(super) const fn lost(change: &Change) -> Self {
        let (id, occurred_at) = (change.transaction_id, change.captured_at);
        Self { id, occurred_at, actor: None, on_behalf_of: None, action: None, metadata: None }
    }

    const COLUMNS: &str = "t.id AS transaction_id, t.occurred_at, t.actor_ref, a.id AS action_id,
        a.name AS action_name, a.status AS action_status, a.verb AS action_verb, a.category AS action_category,
        a.reason AS action_reason, a.comment AS action_comment, a.correlation_id AS action_correlation_id,
        a.request_id AS action_request_id, a.job_id AS action_job_id";
}

impl FromRow<'_, PgRow> for TransactionRecord {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let action = match row.try_get::<Option<Uuid>, _>("action_id")? {
            None => None,
            Some(id) => Some(ActionRecord {
                id,
                name: row.try_get("action_name")?,
                status: row.try_get("action_status")?,
                verb: row.try_get("action_verb")?,
                category: row.try_get("action_category")?,
                reason: row.try_get("action_reason")?,
                comment: row.try_get("action_comment")?,
                correlation_id: row.try_get("action_correlation_id")?,
                request_id: row.try_get("action_request_id")?,
                job_id: row.try_get("action_job_id")?,
            }),
        };
        let id = row.try_get("transaction_id")?;
        let (actor, on_behalf_of) = actors(id, row)?;
        let metadata = row.try_get::<Option<Json<Value>>, _>("meta")?.map(|json| json.0);
        Ok(Self { id, occurred_at: row.try_get("occurred_at")?, actor, on_behalf_of, action, metadata })
    }
}

/// Who acted, and for whom. The setting that carries the actor is checked only for being an object, so that a mistake in
/// one application never hides a whole page: what is no actor reads as none.
fn actors(transaction: Uuid, row: &PgRow) -> Result<(Option<ActorRef>, Option<ActorRef>), sqlx::Error> {
    let Some(Json(stored)) = row.try_get::<Option<Json<Value>>, _>("actor_ref")? else {
        return Ok((None, None));
    };
    let read = |json: &Value| {
        let read = ActorRef::from_json(json);
        read.inspect_err(
            |_| tracing::warn!(%transaction, "actor_ref of an audit transaction is not an actor"),
        )
        .ok()
    };
    Ok((read(&stored), stored.get("on_behalf_of").and_then(read)))
}
