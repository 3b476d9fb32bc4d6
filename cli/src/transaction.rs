//! `threadline transaction`: who, when and why, with every change.

use clap::Args;
use threadline::Scope;
use threadline::query::{Filter, TransactionId};

use crate::failure::Failure;
use crate::output::Report;
use crate::session::Session;
use crate::timeline::Place;
use crate::{Presentation, json, text};

#[derive(Debug, Args)]
pub(crate) struct Question {
    /// The transaction's id, as the timeline shows it.
    id: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    presentation: Presentation,
}

pub(crate) async fn answer(session: &Session, question: &Question) -> Result<Report, Failure> {
    let id: TransactionId = question.id.trim().parse()?;
    let (_, position) = Filter::from_pairs(question.place.pairs())?;
    let trail = session.trail().await?;
    let size = usize::from(question.presentation.limit);
    let detail = trail
        .transaction(&Scope::unscoped(), id, position, size)
        .await
        .map_err(|error| Failure::query(error, trail.storage_schema()))?
        .ok_or(Failure::NoTransaction(id))?;
    if session.json { json::transaction(&detail) } else { Ok(text::transaction(&detail)) }
}
