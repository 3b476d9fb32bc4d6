//! `threadline gen triggers`: the capture functions and triggers of tables, as a migration or applied directly.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use threadline::capture::{CapturePlan, PlannedTable, TablePolicy};
use threadline::{AuditTrail, CaptureError, InvalidParameter, TableName};

use crate::args::{LockTimeoutArgs, PolicyArgs};
use crate::error::Error;
use crate::escape::{self, escaped};
use crate::json;
use crate::migration::{Migration, MigrationFolder};
use crate::output::{self, Report};
use crate::session::Session;

#[derive(Debug, Args)]
pub(crate) struct GenTriggersArgs {
    /// The tables, such as tickets,billing.invoices. Put a name with a dot or a comma in double quotes, such as
    /// '"acme.example".orders'.
    #[arg(long, required = true, value_name = "TABLES", value_parser = parse_tables)]
    tables: Vec<TableList>,
    /// Create or replace the triggers directly instead of writing a migration, each table in a short transaction of its own.
    #[arg(long, conflicts_with = "migrations_path")]
    apply: bool,
    /// Only print what would be captured, and how. Changes and writes nothing.
    #[arg(long, conflicts_with = "apply")]
    dry_run: bool,
    /// The directory for the migration.
    #[arg(long, value_name = "DIR", default_value = "migrations")]
    migrations_path: PathBuf,
    #[command(flatten)]
    lock_timeout: LockTimeoutArgs,
    #[command(flatten)]
    policy: PolicyArgs,
}

#[derive(Debug, Clone)]
struct TableList(Vec<TableName>);

fn parse_tables(text: &str) -> Result<TableList, InvalidParameter> {
    TableName::list(text).map(TableList)
}

/// The outcome of a plan.
enum Outcome {
    Applied,
    Written(Migration),
    DryRun,
}

pub(crate) async fn run(session: &Session, args: &GenTriggersArgs) -> Result<Report, Error> {
    let policies = policies(session, args)?;
    let (plan, outcome) = if args.apply {
        let trail = trail(session, args).await?;
        (trail.capture(policies).await?, Outcome::Applied)
    } else if args.dry_run {
        (plan(session, args, policies).await?, Outcome::DryRun)
    } else {
        let folder = MigrationFolder::open(&args.migrations_path)?;
        let plan = plan(session, args, policies).await?;
        let migration = folder.add(&plan)?;
        (plan, Outcome::Written(migration))
    };
    plan.tables.iter().flat_map(|table| &table.warnings).for_each(|warning| output::print_warning(warning));
    if session.json { json(&plan.tables, &outcome) } else { Ok(text(&plan.tables, &outcome)) }
}

/// Returns the policy of each table. Rejects a table that is listed twice, even if it is spelt in different ways.
fn policies(session: &Session, args: &GenTriggersArgs) -> Result<Vec<TablePolicy>, Error> {
    let mut policies: Vec<TablePolicy> = Vec::new();
    for table in args.tables.iter().flat_map(|TableList(list)| list) {
        let table = table.clone();
        if policies.iter().any(|policy| policy.table == table) {
            return Err(CaptureError::DuplicateTable { table }.into());
        }
        policies.push(args.policy.apply_to(session.config.policy(table)));
    }
    Ok(policies)
}

async fn plan(
    session: &Session,
    args: &GenTriggersArgs,
    policies: Vec<TablePolicy>,
) -> Result<CapturePlan, Error> {
    Ok(trail(session, args).await?.capture_plan(policies).await?)
}

async fn trail(session: &Session, args: &GenTriggersArgs) -> Result<AuditTrail, Error> {
    Ok(session.unchecked_trail().await?.lock_timeout(args.lock_timeout.get()))
}

fn text(tables: &[PlannedTable], outcome: &Outcome) -> Report {
    let path = |path: &Path| escaped(&path.display().to_string());
    match outcome {
        Outcome::Applied => {
            let names: Vec<_> = tables.iter().map(|planned| escape::table(&planned.table)).collect();
            format!("Captured from now on: {}.\n", names.join(", "))
        }
        Outcome::Written(Migration { up, down }) => {
            format!("Written: {}\nWritten: {}\n", path(up), path(down))
        }
        Outcome::DryRun => {
            let lines = tables.iter().map(|planned| escaped(&planned.to_string()) + "\n");
            lines.collect::<String>() + "[dry-run] no migration file written\n"
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    outcome: &'static str,
    tables: Vec<Table<'a>>,
    up: Option<String>,
    down: Option<String>,
}

#[derive(Serialize)]
struct Table<'a> {
    table_schema: &'a str,
    table_name: &'a str,
    capture: &'static str,
    key: &'a [String],
    exclude: &'a [String],
    mask: &'a [String],
    warnings: &'a [String],
}

fn json(tables: &[PlannedTable], outcome: &Outcome) -> Result<Report, Error> {
    let (outcome, migration) = match outcome {
        Outcome::Applied => ("applied", None),
        Outcome::Written(migration) => ("written", Some(migration)),
        Outcome::DryRun => ("dry_run", None),
    };
    json::line(&Document {
        format_version: json::FORMAT_VERSION,
        outcome,
        tables: tables.iter().map(Table::from).collect(),
        up: migration.map(|migration| migration.up.display().to_string()),
        down: migration.map(|migration| migration.down.display().to_string()),
    })
}

impl<'a> From<&'a PlannedTable> for Table<'a> {
    fn from(planned: &'a PlannedTable) -> Self {
        Self {
            table_schema: planned.table.schema(),
            table_name: planned.table.name(),
            capture: planned.mode.as_str(),
            key: &planned.key,
            exclude: &planned.exclude,
            mask: &planned.mask,
            warnings: &planned.warnings,
        }
    }
}
