//! `threadline incident`: one transaction whole, with every old value and where it comes from.

use clap::Args;
use threadline::Scope;
use threadline::query::transaction_id;

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
    let id = transaction_id(question.id.trim())?;
    let trail = session.trail().await?;
    let size = usize::from(question.presentation.limit);
    let bundle = trail
        .transaction_with_old_values(&Scope::unscoped(), id, size)
        .await
        .map_err(|error| Failure::query(error, trail.storage_schema()))?
        .ok_or(Failure::NoTransaction(id))?;
    if session.json { json::incident(&bundle) } else { Ok(text::incident(&bundle)) }
}
