//! A change, its transaction and its action as one JSON object.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
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
    action: Option<&'a ActionRecord>,
}

/// The transaction of a row. The first four keys are always there, as in exports of the reference system.
#[derive(Serialize)]
pub(super) struct Transaction<'a> {
    id: Uuid,
    occurred_at: String,
    actor_ref: Option<&'a ActorRef>,
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<&'a ActorRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
}

impl<'a> From<&'a TransactionRecord> for Transaction<'a> {
    fn from(record: &'a TransactionRecord) -> Self {
        Self {
            id: record.id,
            occurred_at: iso(record.occurred_at),
            actor_ref: record.actor.as_ref(),
            source: record.source.as_deref(),
            on_behalf_of: record.on_behalf_of.as_ref(),
            metadata: record.metadata.as_deref(),
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
        action: entry.transaction.action.as_ref(),
    };
    Ok(serde_json::to_writer(out, &row)?)
}
