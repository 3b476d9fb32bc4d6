//! The arguments that name a row.

use clap::Args;
use threadline::query::{Filter, RowKey};
use threadline::{InvalidParameter, TableName};

use super::{CommandForm, RequiredKeys, RequiredRow, TypedFilter, reject_blank, row_key};

/// The table and the key of a row, as given on the command line.
#[derive(Debug, Args)]
pub(crate) struct RowArgs {
    /// The table, such as tickets, billing.invoices, or '"acme.example".orders'.
    table: String,
    /// The key of the record: its value, such as 42, each column with its value, such as id=42 or "order=7&line=2", or as printed by
    /// another command.
    key: String,
}

/// A row of a table.
pub(crate) struct RowRef {
    pub(crate) table: TableName,
    pub(crate) key: RowKey,
}

impl RowArgs {
    /// Parses the table and the key, which may be its value alone.
    pub(crate) fn parse(&self) -> Result<TypedFilter, InvalidParameter> {
        for (key, value) in [("table", &self.table), ("key", &self.key)] {
            reject_blank(key, value)?;
        }
        let table = Some(self.table.trim().parse::<TableName>()?.into());
        let key = row_key::parse_unless_bare(&self.key)?;
        let key_text = Some(self.key.clone());
        Ok(TypedFilter { filter: Filter { table, key, ..Filter::default() }, key_text })
    }

    /// Returns the form of a command that takes a row and these arguments.
    pub(crate) fn form<const N: usize>(command: &'static str, rest: [&str; N]) -> CommandForm {
        CommandForm { command, required: RequiredRow::REQUIRED_KEYS, rest: rest.map(str::to_owned).to_vec() }
    }
}
