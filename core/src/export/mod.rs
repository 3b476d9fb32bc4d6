//! Changes as files: CSV, one JSON document, or one JSON object a line.

mod csv;
mod json;
mod spreadsheet;

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::query::TimelineEntry;

/// How a file holds changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Comma-separated values (RFC 4180): a line of names, then one line a change. For spreadsheets: nothing in it runs as a
    /// formula, see [`ExportWriter`].
    Csv,
    /// One document: `format_version`, `generated_at`, `truncated`, and `changes`, a list of objects.
    Json,
    /// One object a line, without anything around them.
    Ndjson,
}

impl Format {
    /// Every format, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Json, Self::Ndjson];

    /// The name that is shown, and with which file names end.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
        }
    }

    /// The media type of such a file.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::Ndjson => "application/x-ndjson; charset=utf-8",
        }
    }

    /// The name of a file that was made at this moment; it says so when only the newest changes are in it.
    ///
    /// ```
    /// use threadline::export::Format;
    ///
    /// let at = "2026-11-22T09:30:12Z".parse()?;
    /// assert_eq!(Format::Csv.file_name(at, None), "threadline-changes-2026-11-22T09-30Z.csv");
    /// assert_eq!(Format::Json.file_name(at, Some(10_000)), "threadline-changes-2026-11-22T09-30Z-newest-10000.json");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn file_name(self, generated_at: DateTime<Utc>, newest: Option<usize>) -> String {
        let part = newest.map(|count| format!("-newest-{count}")).unwrap_or_default();
        let at = generated_at.format("%Y-%m-%dT%H-%MZ");
        format!("threadline-changes-{at}{part}.{}", self.as_str())
    }
}

/// Writes changes in pieces, to whatever takes bytes: nothing is kept but what belongs between two pieces.
///
/// ```
/// use threadline::export::{ExportWriter, Format};
///
/// let mut file = Vec::new();
/// let now = "2026-11-22T09:30:00Z".parse()?;
/// let mut writer = ExportWriter::new(Format::Json, now, false);
/// writer.write(&[], &mut file)?;
/// writer.end(&mut file)?;
/// let document: serde_json::Value = serde_json::from_slice(&file)?;
/// assert_eq!(document["changes"], serde_json::json!([]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An object of a change is its [`export_row`](crate::query::Change::export_row), its `transaction` with actor, source and
/// metadata, and its `action`, if it has one. Numbers are written digit by digit as the database keeps them, times in UTC to the microsecond.
///
/// The columns of CSV are id, `transaction_id`, `table_schema`, `table_name`, op, `captured_at`, `table_pk`, `data_after`,
/// `changed_fields`, `changed_from`, `transaction_json`, `correlation_id`, `action_id`, `action_name`, `old_pk`,
/// `partition_name` and `clock_at`, always in this order; later ones may follow. What is absent is `{}` or `[]` in a column of
/// JSON up to `transaction_json`, and empty in those behind it. So that a value never runs as a formula in a spreadsheet, whichever separator that expects,
///
/// - a semicolon within JSON is written `\u003b`, which JSON reads as a semicolon: JSON cells mean what they say, and every
///   value of an audited row is in one;
/// - in the other texts (names of tables and actions, correlation ids) an apostrophe stands before `=`, `+`, `-`, `@` and
///   their full-width forms wherever a cell could begin there.
///
/// The JSON formats hold every text unchanged.
#[derive(Debug)]
pub struct ExportWriter {
    format: Format,
    /// What stands before the first change, until it is written.
    head: Option<(DateTime<Utc>, bool)>,
    any: bool,
}

impl ExportWriter {
    /// A file that is made at this moment. `truncated` says that there are more changes than will be written; only the one
    /// JSON document has a place for it.
    #[must_use]
    pub const fn new(format: Format, generated_at: DateTime<Utc>, truncated: bool) -> Self {
        Self { format, head: Some((generated_at, truncated)), any: false }
    }

    /// Writes changes, in the order in which they are given.
    ///
    /// # Errors
    /// When `out` does not take them.
    pub fn write(&mut self, entries: &[TimelineEntry], out: &mut impl Write) -> io::Result<()> {
        self.write_head(out)?;
        if self.format == Format::Csv {
            return csv::rows(entries, out);
        }
        for entry in entries {
            if self.any && self.format == Format::Json {
                out.write_all(b",\n")?;
            }
            json::object(entry, out)?;
            if self.format == Format::Ndjson {
                out.write_all(b"\n")?;
            }
            self.any = true;
        }
        Ok(())
    }

    /// Writes what stands after the last change.
    ///
    /// # Errors
    /// When `out` does not take it.
    pub fn end(mut self, out: &mut impl Write) -> io::Result<()> {
        self.write_head(out)?;
        match self.format {
            Format::Json => out.write_all(b"\n]}\n"),
            Format::Csv | Format::Ndjson => Ok(()),
        }
    }

    fn write_head(&mut self, out: &mut impl Write) -> io::Result<()> {
        match (self.format, self.head.take()) {
            (Format::Csv, Some(_)) => csv::head(out),
            (Format::Json, Some((generated_at, truncated))) => json::head(generated_at, truncated, out),
            (Format::Ndjson, Some(_)) | (_, None) => Ok(()),
        }
    }
}

fn iso(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Micros, true)
}
