//! Setting a database up.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use threadline::capture::{CapturePlan, TablePolicy};
use threadline::{AuditTrail, CaptureError, TableName};

use crate::failure::Failure;
use crate::generated::{Generated, Outcome};
use crate::json;
use crate::migration::Folder;
use crate::output::{self, Report};
use crate::policy::Policy;
use crate::session::Session;

#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// The tables, such as tickets,billing.invoices.
    #[arg(long, required = true, value_name = "TABLES", value_delimiter = ',', value_parser = table)]
    tables: Vec<String>,
    /// Make or replace the triggers now instead of writing a migration.
    #[arg(long, conflicts_with = "migrations_path")]
    apply: bool,
    /// Change nothing and write nothing: only say what would be captured, and how.
    #[arg(long, conflicts_with = "apply")]
    dry_run: bool,
    /// The folder for the migration.
    #[arg(long, value_name = "DIR", default_value = "migrations")]
    migrations_path: PathBuf,
    #[command(flatten)]
    policy: Policy,
}

fn table(given: &str) -> Result<String, &'static str> {
    let table = given.trim();
    if table.is_empty() { Err("a table has no name") } else { Ok(table.to_owned()) }
}

#[derive(Serialize)]
struct Installed<'a> {
    format_version: u32,
    storage_schema: &'a str,
    months_ahead: i32,
}

pub(crate) async fn install(session: &Session) -> Result<Report, Failure> {
    let trail = session.trail().await?;
    trail.install().await.map_err(Failure::Install)?;
    let (storage_schema, months_ahead) = (trail.storage_schema(), AuditTrail::MONTHS_AHEAD);
    if session.json {
        let storage_schema = storage_schema.name();
        return json::line(&Installed { format_version: json::FORMAT_VERSION, storage_schema, months_ahead });
    }
    Ok(format!(
        "Schema {storage_schema} is up to date; its monthly partitions are ready, {months_ahead} months ahead.\n"
    ))
}

pub(crate) async fn capture(session: &Session, tables: &Tables) -> Result<Report, Failure> {
    let policies = policies(session, tables)?;
    let (plan, outcome) = if tables.apply {
        let trail = session.trail().await?;
        (trail.capture(policies).await.map_err(Failure::capture)?, Outcome::Applied)
    } else if tables.dry_run {
        (planned(session, policies).await?, Outcome::DryRun)
    } else {
        let folder = Folder::open(&tables.migrations_path)?;
        let plan = planned(session, policies).await?;
        let migration = folder.add(&plan)?;
        (plan, Outcome::Written(migration))
    };
    plan.tables.iter().flat_map(|table| &table.warnings).for_each(|warning| output::warn(warning));
    let generated = Generated { tables: &plan.tables, outcome };
    if session.json { generated.json() } else { Ok(generated.text()) }
}

/// One for each table; none of them twice, however it is spelt.
fn policies(session: &Session, tables: &Tables) -> Result<Vec<TablePolicy>, Failure> {
    let mut policies: Vec<TablePolicy> = Vec::new();
    for table in &tables.tables {
        let table = TableName::from(table.as_str());
        if policies.iter().any(|policy| policy.table == table) {
            return Err(Failure::Capture(CaptureError::Twice { table }));
        }
        policies.push(tables.policy.over(session.config.policy(table)));
    }
    Ok(policies)
}

async fn planned(session: &Session, policies: Vec<TablePolicy>) -> Result<CapturePlan, Failure> {
    session.trail().await?.capture_plan(policies).await.map_err(Failure::capture)
}
