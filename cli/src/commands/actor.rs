//! `threadline actor`: the transactions of an actor, newest first.

use clap::Args;
use threadline::query::{Filter, Selection, TimeRange};
use threadline::{InvalidParameter, Scope};

use super::empty_result::{explain_empty, explain_mistake};
use super::missed_changes::warn_of_missed_changes;
use crate::args::{CommandForm, CursorArgs, LimitArgs, one_value, present, reject_blank};
use crate::error::Error;
use crate::output::Report;
use crate::session::Session;
use crate::{json, text};

#[derive(Debug, Args)]
pub(crate) struct ActorArgs {
    /// An actor such as user:42, or an actor kind such as job.
    actor: String,
    /// Only transactions that began at this time or later, in UTC, such as 2026-11-22T09:30.
    #[arg(long)]
    from: Option<String>,
    /// Only transactions that began at this time or earlier.
    #[arg(long)]
    to: Option<String>,
    #[command(flatten)]
    cursor: CursorArgs,
    #[command(flatten)]
    limit: LimitArgs,
}

pub(crate) async fn run(session: &Session, args: &ActorArgs) -> Result<Report, Error> {
    reject_blank("actor", &args.actor)?;
    let actor = one_value(&args.actor);
    let actor = [("actor", actor.as_str())].into_iter();
    let range = present([("from", &args.from), ("to", &args.to)]);
    let form = CommandForm { command: "actor", required: &["actor"], rest: Vec::new() };
    let pairs: Vec<_> = actor.chain(range).collect();
    let (filter, position) = match Filter::from_pairs(pairs.iter().copied().chain(args.cursor.pairs())) {
        Ok(parsed) => parsed,
        Err(error) => {
            let others = Filter::from_readable_pairs(pairs);
            return Err(explain_mistake(session, error, &others, &form).await);
        }
    };
    let asked = filter.clone();
    let Filter { actor, from, to, .. } = filter;
    let Some(actor) = actor.as_ref().and_then(Selection::only).cloned() else {
        return Err(InvalidParameter::new("actor", &args.actor, "an actor").into());
    };
    let trail = session.trail().await?;
    let (scope, range) = (Scope::unscoped(), TimeRange { from, to });
    let mut snapshot = trail.snapshot().await?;
    let page = snapshot.transactions_by_actor(&scope, actor, range, position, args.limit.get()).await?;
    drop(snapshot);
    warn_of_missed_changes(&trail, &asked).await;
    if session.json {
        return json::transactions_by_actor(&page);
    }
    let mut text = text::transactions_by_actor(&page);
    if page.entries.is_empty() {
        text.insert_str(0, &explain_empty(&trail, &asked, &form).await?);
    }
    Ok(text)
}
