//! Comma-separated values: the values of a row are in cells of JSON, among cells with ids, names and times.

use std::io::{self, Write};

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

pub(super) fn head(out: &mut impl Write) -> io::Result<()> {
    record(&COLUMNS, out)
}

pub(super) fn rows(entries: &[TimelineEntry], out: &mut impl Write) -> io::Result<()> {
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
        record(&cells, out)?;
    }
    Ok(())
}

/// Writes a line of cells.
fn record(cells: &[&str], out: &mut impl Write) -> io::Result<()> {
    for (index, text) in cells.iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        cell(text, out)?;
    }
    out.write_all(b"\r\n")
}

/// Writes a cell, in quotes if RFC 4180 requires them.
///
/// The text is read twice, whatever its length. The writer of the `csv` crate searches the rest of a cell again for every 8 KiB
/// that it writes, which took 9 seconds for a value of 60 MB.
fn cell(text: &str, out: &mut impl Write) -> io::Result<()> {
    if !text.contains(['"', ',', '\r', '\n']) {
        return out.write_all(text.as_bytes());
    }
    out.write_all(b"\"")?;
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            out.write_all(b"\"\"")?;
        }
        out.write_all(part.as_bytes())?;
    }
    out.write_all(b"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_equals_that_of_the_csv_crate() {
        let cells =
            ["", "a", "a,b", "\"", "\"a\"\"b", "a\rb", "a\nb", " a ", "\u{e9};", "{\"a\": [1, \"b\"]}"];
        let mut written = Vec::new();
        record(&cells, &mut written).unwrap();
        let mut expected =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        expected.write_record(cells).unwrap();
        assert_eq!(written, expected.into_inner().unwrap());
    }
}
