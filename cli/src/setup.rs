//! Setting a database up.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use threadline::capture::{CaptureMode, TablePolicy};
use threadline::{AuditTrail, TableName};

use crate::connection::Connection;
use crate::escape::name;
use crate::failure::Failure;
use crate::output::Report;

#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// The tables, such as tickets,billing.invoices.
    #[arg(long, required = true, value_name = "TABLES", value_delimiter = ',', value_parser = table)]
    tables: Vec<String>,
    /// Fire once per statement or once per row. Unless given: per statement, but per row for a table that others inherit from.
    #[arg(long, value_name = "MODE", value_parser = modes())]
    capture: Option<CaptureMode>,
    /// Make or replace the triggers now.
    #[arg(long, required = true)]
    apply: bool,
}

fn table(given: &str) -> Result<String, &'static str> {
    let table = given.trim();
    if table.is_empty() { Err("a table has no name") } else { Ok(table.to_owned()) }
}

fn modes() -> impl TypedValueParser<Value = CaptureMode> {
    PossibleValuesParser::new(CaptureMode::ALL.map(CaptureMode::name))
        .try_map(|name| CaptureMode::ALL.into_iter().find(|mode| mode.name() == name).ok_or("no such mode"))
}

pub(crate) async fn install(connection: &Connection) -> Result<Report, Failure> {
    let trail = connection.trail().await?;
    trail.install().await.map_err(Failure::Install)?;
    Ok(format!(
        "Schema {} is up to date; its monthly partitions are ready, {} months ahead.\n",
        trail.storage_schema(),
        AuditTrail::MONTHS_AHEAD
    ))
}

pub(crate) async fn capture(connection: &Connection, tables: &Tables) -> Result<Report, Failure> {
    let trail = connection.trail().await?;
    let mode = tables.capture;
    let tables: Vec<&str> = tables.tables.iter().map(String::as_str).collect();
    let policies = tables.iter().map(|table| {
        let mut policy = TablePolicy::new(*table);
        policy.mode = mode;
        policy
    });
    trail.capture(policies).await.map_err(Failure::capture)?;
    let names: Vec<_> = tables.iter().map(|table| name(&TableName::from(*table).to_string())).collect();
    Ok(format!("Captured from now on: {}.\n", names.join(", ")))
}
