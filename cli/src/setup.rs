//! Setting a database up.

use clap::Args;
use threadline::TableName;

use crate::connection::Connection;
use crate::escape::name;
use crate::failure::Failure;
use crate::output::Report;

/// As many months as `install` makes ahead.
const MONTHS_AHEAD: i32 = 3;

#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// The tables, such as tickets,billing.invoices.
    #[arg(long, required = true, value_name = "TABLES", value_delimiter = ',', value_parser = table)]
    tables: Vec<String>,
    /// Make or replace the triggers now.
    #[arg(long, required = true)]
    apply: bool,
}

fn table(given: &str) -> Result<String, &'static str> {
    let table = given.trim();
    if table.is_empty() { Err("a table has no name") } else { Ok(table.to_owned()) }
}

pub(crate) async fn install(connection: &Connection) -> Result<Report, Failure> {
    let trail = connection.trail().await?;
    trail.install().await.map_err(Failure::Install)?;
    Ok(format!(
        "Schema {} is up to date; its monthly partitions are ready, {MONTHS_AHEAD} months ahead.\n",
        trail.storage_schema()
    ))
}

/// Triggers without a trail to write to would make every write of the application fail: the partitions are asked for first.
pub(crate) async fn capture(connection: &Connection, tables: &Tables) -> Result<Report, Failure> {
    let trail = connection.trail().await?;
    let missing = |error| Failure::probe(error, trail.storage_schema());
    trail.ensure_partitions(MONTHS_AHEAD).await.map_err(missing)?;
    let tables: Vec<&str> = tables.tables.iter().map(String::as_str).collect();
    trail.capture(&tables).await.map_err(Failure::Capture)?;
    let names: Vec<_> = tables.iter().map(|table| name(&TableName::from(*table).to_string())).collect();
    Ok(format!("Captured from now on: {}.\n", names.join(", ")))
}
