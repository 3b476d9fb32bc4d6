//! A change, its transaction and its action as one JSON object.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::iso;
use crate::ActorRef;
use crate::query::{ActionRecord, ExportRow, TimelineEntry, TransactionRecord};

/// The version of the document; it rises when a field changes its meaning or goes away.
const FORMAT_VERSION: u32 = 1;

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    change: ExportRow<'a>,
    transaction: Transaction<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Action<'a>>,
}

/// The first three keys are always there.
#[derive(Serialize)]
pub(super) struct Transaction<'a> {
    id: Uuid,
    occurred_at: String,
    actor_ref: Option<&'a ActorRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<&'a ActorRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Value>,
}

/// The first four keys are always there.
#[derive(Serialize)]
struct Action<'a> {
    id: Uuid,
    correlation_id: Option<&'a str>,
    name: &'a str,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<&'a str>,
}

impl<'a> From<&'a TransactionRecord> for Transaction<'a> {
    fn from(record: &'a TransactionRecord) -> Self {
        Self {
            id: record.id,
            occurred_at: iso(record.occurred_at),
            actor_ref: record.actor.as_ref(),
            on_behalf_of: record.on_behalf_of.as_ref(),
            metadata: record.metadata.as_ref(),
        }
    }
}

impl<'a> From<&'a ActionRecord> for Action<'a> {
    fn from(record: &'a ActionRecord) -> Self {
        Self {
            id: record.id,
            correlation_id: record.correlation_id.as_deref(),
            name: &record.name,
            status: &record.status,
            verb: record.verb.as_deref(),
            category: record.category.as_deref(),
            reason: record.reason.as_deref(),
            comment: record.comment.as_deref(),
            request_id: record.request_id.as_deref(),
            job_id: record.job_id.as_deref(),
        }
    }
}

/// What stands before the first object of the one document; the list stays open.
pub(super) fn head(generated_at: DateTime<Utc>, truncated: bool, out: &mut impl Write) -> io::Result<()> {
    let generated_at = iso(generated_at);
    writeln!(
        out,
        r#"{{"format_version":{FORMAT_VERSION},"generated_at":"{generated_at}","truncated":{truncated},"changes":["#
    )
}

pub(super) fn object(entry: &TimelineEntry, out: &mut impl Write) -> io::Result<()> {
    let row = Row {
        change: entry.change.export_row(),
        transaction: (&entry.transaction).into(),
        action: entry.transaction.action.as_ref().map(Into::into),
    };
    Ok(serde_json::to_writer(out, &row)?)
}
