//! Who made changes, when and why: a transaction of the trail and its action, as they are read and as they leave as JSON.

use std::sync::Once;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use crate::ActorRef;
use crate::query::Change;
use crate::query::engine::schema_features::Layout;

/// A database transaction that changed audited tables.
///
/// Serialised, it has the names of the stored columns, but for `metadata`, which is stored as `meta`. Every field is there;
/// what is not known is `null`.
#[derive(Debug, Clone, Serialize)]
pub struct TransactionRecord {
    /// The audit transaction's id.
    pub id: Uuid,
    /// When the transaction began.
    #[serde(serialize_with = "iso")]
    pub occurred_at: DateTime<Utc>,
    /// Who acted; none when the application did not say.
    #[serde(rename = "actor_ref")]
    pub actor: Option<ActorRef>,
    /// Whom the actor stood in for.
    pub on_behalf_of: Option<ActorRef>,
    /// Where the transaction came from, such as `web`, in trails of the reference system whose application said so.
    pub source: Option<String>,
    /// Why, if the application said.
    pub action: Option<ActionRecord>,
    /// Facts about the transaction as a whole, if the application said any. This is the JSON text that the database keeps, so
    /// numbers stay exact.
    pub metadata: Option<Box<RawValue>>,
}

/// A recorded action.
///
/// Serialised, it has the names of the stored columns. The first four fields are always there, the others where they are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionRecord {
    /// Its id.
    pub id: Uuid,
    /// What ties it to other transactions.
    pub correlation_id: Option<String>,
    /// Its name, such as `ticket.escalated`.
    pub name: String,
    /// How it ended: `ok` or `error`.
    pub status: String,
    /// What was done, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    /// The kind of action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The reason in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Anything else worth knowing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The request it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The job it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
}

/// Compares metadata by its text: the database writes equal JSON alike.
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
    /// Lists what [`FromRow`] reads, from `audit_transactions` as `t` and `audit_actions` as `a`.
    pub(in crate::query) fn columns(layout: Layout) -> String {
        let meta = if layout.has_meta { "t.meta" } else { "NULL::jsonb AS meta" };
        format!("{}, {meta}", Self::COLUMNS)
    }

    /// Stands in for the transaction of a change that has outlived it.
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

/// Reads who acted, and for whom. The setting that carries the actor is checked only for being an object, so that a mistake
/// in one application never hides a whole page: what is no actor reads as none.
fn actors(transaction: Uuid, row: &PgRow) -> Result<(Option<ActorRef>, Option<ActorRef>), sqlx::Error> {
    let Some(Json(stored)) = row.try_get::<Option<Json<Value>>, _>("actor_ref")? else {
        return Ok((None, None));
    };
    let read = |json: &Value| ActorRef::from_json(json).inspect_err(|_| warn_once(transaction)).ok();
    Ok((read(&stored), stored.get("on_behalf_of").and_then(read)))
}

/// Warns at the first malformed actor that this process reads. An application that sets it wrongly does so in every
/// transaction, and every page that shows one would repeat the warning.
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

fn iso<S: Serializer>(moment: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment.to_rfc3339_opts(SecondsFormat::Micros, true))
}
