//! Exports: changes as CSV, as one JSON document, or as one JSON object per line.

mod csv;
mod spreadsheet;

use std::io::{self, Write};

use chrono::{DateTime, Utc};

use crate::query::{TimelineEntry, Timestamp};

/// The version of the JSON document. It rises when a field changes its meaning or is removed.
const FORMAT_VERSION: u32 = 1;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Comma-separated values (RFC 4180): a line of names, then one line per change. It is safe to open in a spreadsheet, where
    /// nothing in it runs as a formula; see [`ExportWriter`].
    Csv,
    /// One document: `format_version`, `generated_at`, `truncated`, and `changes`, a list of objects.
    Json,
    /// One object per line, with nothing around them.
    Ndjson,
}

impl Format {
    /// Every format, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Json, Self::Ndjson];

    /// Returns the name of the format, which is also the extension of a file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
        }
    }

    /// Returns the media type of a file.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::Ndjson => "application/x-ndjson; charset=utf-8",
        }
    }

    /// Returns the name of a file that was generated at this moment. `newest` is the number of changes in a truncated file, and
    /// `None` if the file is complete.
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

/// Writes changes in batches, so that a file of any size needs little memory.
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
/// In both JSON formats, the object of a change is the serialised [`TimelineEntry`]. Numbers have every digit that the database
/// stores, times are UTC with microseconds.
///
/// The columns of CSV are id, `transaction_id`, `table_schema`, `table_name`, op, `captured_at`, `table_pk`, `data_after`,
/// `changed_fields`, `changed_from`, `transaction_json`, `correlation_id`, `action_id`, `action_name`, `old_pk`,
/// `partition_name` and `clock_at`, always in this order; later versions may append more. A missing value is `{}` or `[]` in
/// the JSON columns up to `transaction_json`, and empty in the columns after it. So that no value runs as a formula in a
/// spreadsheet, whichever separator that expects,
///
/// - a semicolon within JSON is written `\u003b`, which means the same in JSON. Every value of a captured row is in a JSON
///   cell;
/// - in the other texts (names of tables and actions, correlation ids) an apostrophe is put before `=`, `+`, `-`, `@` and their
///   full-width forms wherever a cell could begin.
///
/// The JSON formats hold every text unchanged.
#[derive(Debug, Clone)]
pub struct ExportWriter {
    format: Format,
    /// The time of the file and whether it is truncated, until they are written before the first change.
    head: Option<(DateTime<Utc>, bool)>,
    has_entries: bool,
}

impl ExportWriter {
    /// Creates the writer of a file that is generated at this moment. Set `truncated` if there are more changes than will be
    /// written; only [`Format::Json`] records it.
    #[must_use]
    pub const fn new(format: Format, generated_at: DateTime<Utc>, truncated: bool) -> Self {
        Self { format, head: Some((generated_at, truncated)), has_entries: false }
    }

    /// Writes the next changes, in their order.
    ///
    /// # Errors
    /// The error of `out`.
    pub fn write(&mut self, entries: &[TimelineEntry], out: &mut impl Write) -> io::Result<()> {
        self.write_head(out)?;
        if self.format == Format::Csv {
            return csv::rows(entries, out);
        }
        for entry in entries {
            if self.has_entries && self.format == Format::Json {
                out.write_all(b",\n")?;
            }
            serde_json::to_writer(&mut *out, entry)?;
            if self.format == Format::Ndjson {
                out.write_all(b"\n")?;
            }
            self.has_entries = true;
        }
        Ok(())
    }

    /// Writes the end of the file. A JSON document is not valid without it.
    ///
    /// # Errors
    /// The error of `out`.
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
            (Format::Json, Some((generated_at, truncated))) => {
                let generated_at = Timestamp(generated_at).to_iso();
                writeln!(
                    out,
                    r#"{{"format_version":{FORMAT_VERSION},"generated_at":"{generated_at}","truncated":{truncated},"changes":["#
                )
            }
            (Format::Ndjson, Some(_)) | (_, None) => Ok(()),
        }
    }
}
