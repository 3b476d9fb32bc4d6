//! `threadline transaction`: one transaction with its changes.

use clap::Args;
use threadline::Scope;
use threadline::query::{Filter, TransactionId};

use crate::args::{CursorArgs, LimitArgs};
use crate::error::Error;
use crate::output::Report;
use crate::session::Session;
use crate::{json, text};

#[derive(Debug, Args)]
pub(crate) struct TransactionArgs {
    /// The transaction id, as shown by the timeline.
    id: String,
    #[command(flatten)]
    cursor: CursorArgs,
    #[command(flatten)]
    limit: LimitArgs,
}

pub(crate) async fn run(session: &Session, args: &TransactionArgs) -> Result<Report, Error> {
    let id: TransactionId = args.id.trim().parse()?;
    let (_, position) = Filter::from_pairs(args.cursor.pairs())?;
    let trail = session.trail().await?;
    let detail = trail
        .transaction(&Scope::unscoped(), id, position, args.limit.get())
        .await?
        .ok_or(Error::NoTransaction(id))?;
    if session.json { json::transaction(&detail) } else { Ok(text::transaction(&detail)) }
}
