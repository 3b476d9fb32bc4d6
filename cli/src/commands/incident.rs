//! `threadline incident`: one transaction with all old values and their sources.

use clap::Args;
use threadline::Scope;
use threadline::query::TransactionId;

use crate::args::LimitArgs;
use crate::error::Error;
use crate::output::Report;
use crate::session::Session;
use crate::{json, text};

#[derive(Debug, Args)]
pub(crate) struct IncidentArgs {
    /// The transaction id, as shown by the timeline.
    #[arg(value_name = "TRANSACTION_ID")]
    id: String,
    #[command(flatten)]
    limit: LimitArgs,
}

pub(crate) async fn run(session: &Session, args: &IncidentArgs) -> Result<Report, Error> {
    let id: TransactionId = args.id.trim().parse()?;
    let trail = session.trail().await?;
    let mut snapshot = trail.snapshot().await?;
    let transaction = snapshot
        .transaction_with_old_values(&Scope::unscoped(), id, args.limit.get())
        .await?
        .ok_or(Error::NoTransaction(id))?;
    if session.json { json::incident(&transaction) } else { Ok(text::incident(&transaction)) }
}
