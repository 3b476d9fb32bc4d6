//! `threadline actor`: the transactions of an actor, newest first.

use clap::Args;
use threadline::InvalidParameter;
use threadline::Scope;
use threadline::query::{Filter, TimeRange};

use crate::failure::Failure;
use crate::filters::refuse_blank;
use crate::output::Report;
use crate::session::Session;
use crate::timeline::{Place, given, nothing};
use crate::{Presentation, json, text};

#[derive(Debug, Args)]
pub(crate) struct Question {
    /// An actor such as user:42, or a type of actors such as job.
    actor: String,
    /// Only transactions that began at this moment or later, in UTC, such as 2026-11-22T09:30.
    #[arg(long)]
    from: Option<String>,
    /// Only transactions that began at this moment or earlier.
    #[arg(long)]
    to: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    presentation: Presentation,
}

pub(crate) async fn answer(session: &Session, question: &Question) -> Result<Report, Failure> {
    refuse_blank("actor", &question.actor)?;
    let pairs = [("actor", question.actor.as_str())].into_iter();
    let window = given([("from", &question.from), ("to", &question.to)]);
    let (filter, position) = Filter::from_pairs(pairs.chain(window).chain(question.place.pairs()))?;
    let Filter { actor: Some(actor), from, to, .. } = filter else {
        return Err(InvalidParameter::new("actor", &question.actor, "an actor").into());
    };
    let trail = session.trail().await?;
    let failed = |error| Failure::query(error, trail.storage_schema());
    let (scope, size) = (Scope::unscoped(), usize::from(question.presentation.limit));
    let page = trail
        .snapshot()
        .await
        .map_err(failed)?
        .transactions_by_actor(&scope, actor, TimeRange { from, to }, position, size)
        .await
        .map_err(failed)?;
    if session.json {
        return json::transactions_by_actor(&page);
    }
    let mut text = text::transactions_by_actor(&page);
    if page.entries.is_empty() {
        text.insert_str(0, &nothing(&trail, &Filter::default(), "transaction").await.map_err(failed)?);
    }
    Ok(text)
}
