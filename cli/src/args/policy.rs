//! Options that override the capture policy of `threadline.toml`.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use threadline::capture::{CaptureMode, TablePolicy};

/// The capture policy of all named tables.
#[derive(Debug, Args)]
#[command(next_help_heading = "Policy of all these tables (threadline.toml sets it per table)")]
pub(crate) struct PolicyArgs {
    /// Fire once per statement or once per row. By default per statement, but per row for tables
    /// that statement triggers cannot capture correctly (see the guide to capturing).
    #[arg(long, value_name = "MODE", value_parser = modes())]
    capture: Option<CaptureMode>,
    /// Capture replicated writes as well.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    always: Option<bool>,
    /// Keep the old values of changed columns.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    store_changed_from: Option<bool>,
    /// Keep the whole row that a DELETE removed.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    store_deleted_row: Option<bool>,
    /// Record updates that change no value as well.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    store_unchanged: Option<bool>,
    /// Columns left out of the changed fields and old values, in addition to those of threadline.toml.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = parse_column)]
    except_columns: Vec<String>,
}

impl PolicyArgs {
    /// Applies the options to the policy of a table.
    pub(crate) fn apply_to(&self, mut policy: TablePolicy) -> TablePolicy {
        policy.mode = self.capture.or(policy.mode);
        for (field, option) in [
            (&mut policy.always, self.always),
            (&mut policy.store_changed_from, self.store_changed_from),
            (&mut policy.store_deleted_row, self.store_deleted_row),
            (&mut policy.store_unchanged, self.store_unchanged),
        ] {
            *field = option.unwrap_or(*field);
        }
        for column in &self.except_columns {
            if !policy.except_columns.contains(column) {
                policy.except_columns.push(column.clone());
            }
        }
        policy
    }
}

fn modes() -> impl TypedValueParser<Value = CaptureMode> {
    PossibleValuesParser::new(CaptureMode::ALL.map(CaptureMode::as_str))
        .try_map(|name| CaptureMode::ALL.into_iter().find(|mode| mode.as_str() == name).ok_or("no such mode"))
}

fn parse_column(text: &str) -> Result<String, &'static str> {
    let column = text.trim();
    if column.is_empty() { Err("the name of a column is empty") } else { Ok(column.to_owned()) }
}
