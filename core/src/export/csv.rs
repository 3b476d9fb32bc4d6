//! Comma-separated values: the values of a row are in cells of JSON, among cells with ids, names and times.

use std::io::{self, Write};

use csv::{Terminator, Writer, WriterBuilder};

use super::spreadsheet;
use crate::query::model::json::TransactionFields;
use crate::query::{TimelineEntry, Timestamp};

const COLUMNS: [&str; 17] = [
    "id",
    "transaction_id",
    "table_schema",
    "table_name",
    "op",
    "captured_at",
    "table_pk",
    "data_after",
    "changed_fields",
    "changed_from",
    "transaction_json",
    "correlation_id",
    "action_id",
    "action_name",
    "old_pk",
    "partition_name",
    "clock_at",
];

fn writer<W: Write>(out: W) -> Writer<W> {
    WriterBuilder::new().has_headers(false).terminator(Terminator::CRLF).from_writer(out)
}

pub(super) fn head(out: &mut impl Write) -> io::Result<()> {
    let mut writer = writer(out);
    writer.write_record(COLUMNS)?;
    writer.flush()
}

pub(super) fn rows(entries: &[TimelineEntry], out: &mut impl Write) -> io::Result<()> {
    let mut writer = writer(out);
    for TimelineEntry { change, transaction } in entries {
        let action = transaction.action.as_ref();
        let correlation = action.and_then(|action| action.correlation_id.as_deref());
        let id = |id: uuid::Uuid| id.to_string();
        let iso = |moment| Timestamp(moment).to_iso();
        let cells: [&str; COLUMNS.len()] = [
            &id(change.id),
            &id(change.transaction_id),
            &spreadsheet::text(change.table.schema()),
            &spreadsheet::text(change.table.name()),
            change.operation.as_str(),
            &iso(change.captured_at),
            &spreadsheet::json(&change.key)?,
            &spreadsheet::json(change.after.as_ref().unwrap_or(&Default::default()))?,
            &spreadsheet::json(&change.changed_fields.as_deref().unwrap_or_default())?,
            &spreadsheet::json(change.before.as_ref().unwrap_or(&Default::default()))?,
            &spreadsheet::json(&TransactionFields::from(transaction))?,
            &spreadsheet::text(correlation.unwrap_or_default()),
            &action.map(|action| id(action.id)).unwrap_or_default(),
            &spreadsheet::text(action.map_or("", |action| &action.name)),
            &change.old_key.as_ref().map(spreadsheet::json).transpose()?.unwrap_or_default(),
            &spreadsheet::text(change.partition.as_deref().unwrap_or_default()),
            &change.clock_at.map(iso).unwrap_or_default(),
        ];
        writer.write_record(cells)?;
    }
    writer.flush()
}
