//! `threadline gen value-index`: indexes for the search of whole values of one column.

use clap::Args;
use serde::Serialize;
use threadline::TableName;
use threadline::query::ValueIndexPlan;

use crate::args::LockTimeoutArgs;
use crate::error::Error;
use crate::escape::escaped;
use crate::json;
use crate::output::Report;
use crate::session::Session;

#[derive(Debug, Args)]
pub(crate) struct GenValueIndexArgs {
    /// The captured table.
    #[arg(long)]
    table: TableName,
    /// The column whose values are searched.
    #[arg(long)]
    column: String,
    /// Run the statements instead of printing them. Writes continue in the meantime.
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    lock_timeout: LockTimeoutArgs,
}

pub(crate) async fn run(session: &Session, args: &GenValueIndexArgs) -> Result<Report, Error> {
    let trail = session.trail().await?.lock_timeout(args.lock_timeout.get());
    let plan = trail.value_index_plan(args.table.clone(), &args.column).await?;
    if args.apply {
        trail.create_value_index(&plan).await?;
    }
    if session.json { json(&plan, args.apply) } else { Ok(text(&plan, args.apply)) }
}

fn text(plan: &ValueIndexPlan, is_applied: bool) -> Report {
    let [new, old] = plan.indexes.each_ref().map(|index| escaped(index));
    if plan.statements.is_empty() {
        return format!("The column is indexed already, by {new} and {old}.\n");
    }
    if is_applied {
        return format!("Indexed by {new} and {old}.\n");
    }
    let statements = plan.statements.iter().map(|statement| escaped(statement) + ";\n");
    format!(
        "-- Run each statement by itself, outside of a transaction.\n{}-- To remove the indexes: DROP INDEX {new}, {old};\n",
        statements.collect::<String>()
    )
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    applied: bool,
    indexes: &'a [String],
    statements: &'a [String],
}

fn json(plan: &ValueIndexPlan, applied: bool) -> Result<Report, Error> {
    let ValueIndexPlan { indexes, statements, .. } = plan;
    json::line(&Document { format_version: json::FORMAT_VERSION, applied, indexes, statements })
}
