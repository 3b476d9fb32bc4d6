//! `threadline incident`: one transaction whole, with every old value and where it comes from.

use clap::Args;
use threadline::Scope;
use threadline::query::TransactionId;

use crate::failure::Failure;
use crate::output::Report;
use crate::session::Session;
use crate::{Presentation, json, text};

#[derive(Debug, Args)]
pub(crate) struct Question {
    /// The transaction's id, as the timeline shows it.
    #[arg(value_name = "TRANSACTION_ID")]
    id: String,
    #[command(flatten)]
    presentation: Presentation,
}

pub(crate) async fn answer(session: &Session, question: &Question) -> Result<Report, Failure> {
    let id: TransactionId = question.id.trim().parse()?;
    let trail = session.trail().await?;
    let size = usize::from(question.presentation.limit);
    let failed = |error| Failure::query(error, trail.storage_schema());
    let mut snapshot = trail.snapshot().await.map_err(failed)?;
    let bundle = snapshot
        .transaction_with_old_values(&Scope::unscoped(), id, size)
        .await
        .map_err(failed)?
        .ok_or(Failure::NoTransaction(id))?;
    if session.json { json::incident(&bundle) } else { Ok(text::incident(&bundle)) }
}
