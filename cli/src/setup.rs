//! Setting a database up.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use threadline::capture::{CapturePlan, TablePolicy};
use threadline::{AuditTrail, CaptureError, InvalidParameter, TableName};

use crate::failure::Failure;
use crate::generated::{Generated, Outcome};
use crate::json;
use crate::lock_timeout::LockTimeout;
use crate::migration::Folder;
use crate::output::{self, Report};
use crate::policy::Policy;
use crate::session::Session;

#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// The tables, such as tickets,billing.invoices; a name with a dot or a comma in double quotes, such as
    /// '"acme.example".orders'.
    #[arg(long, required = true, value_name = "TABLES", value_parser = list)]
    tables: Vec<TableList>,
    /// Make or replace the triggers now instead of writing a migration: each table in a short transaction of its own.
    #[arg(long, conflicts_with = "migrations_path")]
    apply: bool,
    /// Change nothing and write nothing: only say what would be captured, and how.
    #[arg(long, conflicts_with = "apply")]
    dry_run: bool,
    /// The folder for the migration.
    #[arg(long, value_name = "DIR", default_value = "migrations")]
    migrations_path: PathBuf,
    #[command(flatten)]
    lock_timeout: LockTimeout,
    #[command(flatten)]
    policy: Policy,
}

#[derive(Debug, Args)]
pub(crate) struct Install {
    #[command(flatten)]
    lock_timeout: LockTimeout,
}

#[derive(Debug, Clone)]
struct TableList(Vec<TableName>);

fn list(given: &str) -> Result<TableList, InvalidParameter> {
    TableName::list(given).map(TableList)
}

#[derive(Serialize)]
struct Installed<'a> {
    format_version: u32,
    storage_schema: &'a str,
    months_ahead: i32,
}

pub(crate) async fn install(session: &Session, options: &Install) -> Result<Report, Failure> {
    let trail = session.unchecked_trail().await?.with_lock_timeout(options.lock_timeout.get());
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
        let trail = trail(session, tables).await?;
        (trail.capture(policies).await.map_err(Failure::capture)?, Outcome::Applied)
    } else if tables.dry_run {
        (planned(session, tables, policies).await?, Outcome::DryRun)
    } else {
        let folder = Folder::open(&tables.migrations_path)?;
        let plan = planned(session, tables, policies).await?;
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
    for table in tables.tables.iter().flat_map(|TableList(list)| list) {
        let table = table.clone();
        if policies.iter().any(|policy| policy.table == table) {
            return Err(Failure::Capture(CaptureError::DuplicateTable { table }));
        }
        policies.push(tables.policy.over(session.config.policy(table)));
    }
    Ok(policies)
}

async fn planned(
    session: &Session,
    tables: &Tables,
    policies: Vec<TablePolicy>,
) -> Result<CapturePlan, Failure> {
    trail(session, tables).await?.capture_plan(policies).await.map_err(Failure::capture)
}

async fn trail(session: &Session, tables: &Tables) -> Result<AuditTrail, Failure> {
    Ok(session.unchecked_trail().await?.with_lock_timeout(tables.lock_timeout.get()))
}
