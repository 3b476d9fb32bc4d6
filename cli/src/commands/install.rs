//! `threadline install`: the tables of the audit trail.

use clap::Args;
use serde::Serialize;
use threadline::AuditTrail;

use crate::args::LockTimeoutArgs;
use crate::error::Error;
use crate::json;
use crate::output::Report;
use crate::session::Session;

#[derive(Debug, Args)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    lock_timeout: LockTimeoutArgs,
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    storage_schema: &'a str,
    months_ahead: i32,
}

pub(crate) async fn run(session: &Session, args: &InstallArgs) -> Result<Report, Error> {
    let trail = session.unchecked_trail().await?.lock_timeout(args.lock_timeout.get());
    trail.install().await?;
    let (storage_schema, months_ahead) = (trail.schema(), AuditTrail::MONTHS_AHEAD);
    if session.json {
        let storage_schema = storage_schema.name();
        return json::line(&Document { format_version: json::FORMAT_VERSION, storage_schema, months_ahead });
    }
    Ok(format!(
        "Schema {storage_schema} is up to date; its monthly partitions are ready, {months_ahead} months ahead.\n"
    ))
}
