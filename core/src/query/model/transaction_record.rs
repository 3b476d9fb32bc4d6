//! A transaction of the trail and its action.

use std::sync::Once;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::change::Change;
use crate::{ActionStatus, ActorRef};

/// A database transaction that changed captured tables.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TransactionRecord {
    /// The id of the audit transaction.
    pub id: Uuid,
    /// The time at which the transaction began.
    pub occurred_at: DateTime<Utc>,
    /// The actor; `None` if the application set none.
    pub actor: Option<ActorRef>,
    /// The actor on whose behalf the actor acted, if there is one.
    pub on_behalf_of: Option<ActorRef>,
    /// The source of the transaction, such as `web`, in trails of the Elixir library whose application declared one.
    pub source: Option<String>,
    /// The action, if the application set one.
    pub action: Option<ActionRecord>,
    /// The metadata of the transaction, if there is any: that of [`AuditedWrite::metadata`](crate::AuditedWrite::metadata), and
    /// the database session of a transaction without an actor. This is the JSON text that the database stores, so numbers stay
    /// exact.
    pub metadata: Option<Box<RawValue>>,
}

/// A recorded action.
///
/// Serialised, it has the names of the stored columns. The first four fields are always there, the others if they are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ActionRecord {
    /// The id.
    pub id: Uuid,
    /// The correlation id, which related actions share.
    pub correlation_id: Option<String>,
    /// The name, such as `ticket.escalated`.
    pub name: String,
    /// The result of the action.
    pub status: ActionStatus,
    /// The verb: what was done, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    /// The category, such as `support`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The reason in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The id of its request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The id of its job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
}

/// Compares metadata by its text, because the database writes equal JSON in one way.
impl PartialEq for TransactionRecord {
    fn eq(&self, other: &Self) -> bool {
        let Self { id, occurred_at, actor, on_behalf_of, source, action, metadata } = self;
        let text = |metadata: &Option<Box<RawValue>>| metadata.as_ref().map(|json| json.get().to_owned());
        (id, occurred_at, actor, on_behalf_of)
            == (&other.id, &other.occurred_at, &other.actor, &other.on_behalf_of)
            && (source, action, text(metadata)) == (&other.source, &other.action, text(&other.metadata))
    }
}

impl Eq for TransactionRecord {}

impl TransactionRecord {
    /// Returns the columns that [`FromRow`] reads, from `audit_transactions` as `t` and `audit_actions` as `a`.
    pub(in crate::query) fn columns(has_meta: bool) -> String {
        let meta = if has_meta { "t.meta" } else { "NULL::jsonb AS meta" };
        format!("{}, {meta}", Self::COLUMNS)
    }

    /// Returns a substitute for the transaction of a change that was purged before the change.
    pub(in crate::query) const fn lost(change: &Change) -> Self {
        Self {
            id: change.transaction_id,
            occurred_at: change.captured_at,
            actor: None,
            on_behalf_of: None,
            source: None,
            action: None,
            metadata: None,
        }
    }

    const COLUMNS: &str = "t.id AS transaction_id, t.occurred_at, t.actor_ref, t.source, a.id AS action_id,
        a.name AS action_name, a.status AS action_status, a.verb AS action_verb, a.category AS action_category,
        a.reason AS action_reason, a.comment AS action_comment, a.correlation_id AS action_correlation_id,
        a.request_id AS action_request_id, a.job_id AS action_job_id";
}

/// Reads the status of a transaction's action.
fn action_status(row: &PgRow) -> Result<ActionStatus, sqlx::Error> {
    let status: &str = row.try_get("action_status")?;
    status.parse().map_err(|_| sqlx::Error::Decode(format!("audit_actions.status holds {status:?}").into()))
}

impl FromRow<'_, PgRow> for TransactionRecord {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let action = match row.try_get::<Option<Uuid>, _>("action_id")? {
            None => None,
            Some(id) => Some(ActionRecord {
                id,
                name: row.try_get("action_name")?,
                status: action_status(row)?,
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
        Ok(Self {
            id,
            occurred_at: row.try_get("occurred_at")?,
            actor,
            on_behalf_of,
            source: row.try_get("source")?,
            action,
            metadata: row.try_get::<Option<Json<Box<RawValue>>>, _>("meta")?.map(|json| json.0),
        })
    }
}

/// Reads the actor, and the actor on whose behalf they acted. The database checks only that the setting is an object; what is
/// no actor reads as none, so that a mistake in one application does not hide a whole page.
fn actors(transaction: Uuid, row: &PgRow) -> Result<(Option<ActorRef>, Option<ActorRef>), sqlx::Error> {
    let Some(Json(stored)) = row.try_get::<Option<Json<Value>>, _>("actor_ref")? else {
        return Ok((None, None));
    };
    let read = |json: &Value| ActorRef::from_recorded_json(json).inspect_err(|_| warn_once(transaction)).ok();
    Ok((read(&stored), stored.get("on_behalf_of").and_then(read)))
}

/// Warns about the first malformed actor that this process reads. An application that sets it wrongly does so in every
/// transaction, and every page would repeat the warning.
fn warn_once(transaction: Uuid) {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            %transaction,
            "actor_ref of an audit transaction is not an actor and reads as none; this warning is given once: set \
             threadline.actor_ref to JSON such as {{\"type\":\"user\",\"id\":\"42\"}}, with the id as text"
        );
    });
}
