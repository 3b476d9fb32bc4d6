//! The arguments that name a row.

use clap::Args;
use threadline::query::{QueryError, RowKey};
use threadline::{AuditTrail, InvalidParameter, TableName};

use super::{reject_blank, row_key};

/// The table and the key of a row, as given on the command line.
#[derive(Debug, Args)]
pub(crate) struct RowArgs {
    /// The table, such as tickets, billing.invoices, or '"acme.example".orders'.
    table: String,
    /// The key of the row, such as id=42 or "order=7&line=2", or as printed by another command.
    key: String,
}

/// A row of a table.
pub(crate) struct RowRef {
    pub(crate) table: TableName,
    pub(crate) key: RowKey,
}

impl RowArgs {
    pub(crate) fn parse(&self) -> Result<RowRef, InvalidParameter> {
        for (key, value) in [("table", &self.table), ("key", &self.key)] {
            reject_blank(key, value)?;
        }
        Ok(RowRef { table: self.table.trim().parse()?, key: row_key::parse(&self.key)? })
    }
}

impl RowRef {
    /// Replaces the key by the one under which the trail records the row.
    pub(crate) async fn resolve(self, trail: &AuditTrail) -> Result<Self, QueryError> {
        let key = row_key::resolve(trail, &self.table, self.key).await?;
        Ok(Self { key, ..self })
    }
}
