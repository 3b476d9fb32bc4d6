//! `threadline actors`: who was active in a time range.

use chrono::Utc;
use clap::Args;
use serde::Serialize;
use threadline::query::{ActiveActors, Filter, RelativeRange, TimeRange, Timestamp};
use threadline::{ActorRef, Scope};

use super::missed_changes::warn_of_missed_changes;
use crate::args::parse_time;
use crate::columns::aligned;
use crate::error::Error;
use crate::output::Report;
use crate::session::Session;
use crate::{json, text};

#[derive(Debug, Args)]
pub(crate) struct ActorsArgs {
    /// Only changes captured at this time or later, in UTC, such as 2026-11-22T09:30 or yesterday [default: 24 hours ago].
    #[arg(long)]
    from: Option<String>,
    /// Only changes captured at this time or earlier.
    #[arg(long)]
    to: Option<String>,
    /// Count at most so many changes, the newest first.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    cap: u32,
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    actors: Vec<Actor<'a>>,
    /// There are more changes than were counted.
    more: bool,
}

#[derive(Serialize)]
struct Actor<'a> {
    /// `None` for the changes that no application signed.
    actor_ref: Option<&'a ActorRef>,
    changes: usize,
    newest: Timestamp,
}

pub(crate) async fn run(session: &Session, args: &ActorsArgs) -> Result<Report, Error> {
    let given =
        |name, value: &Option<String>| value.as_ref().map(|value| parse_time(name, value)).transpose();
    let from = given("from", &args.from)?.or(RelativeRange::LastDay.before(Utc::now()).from);
    let range = TimeRange::new(from, given("to", &args.to)?)?;
    let trail = session.trail().await?;
    let cap = usize::try_from(args.cap).unwrap_or(usize::MAX);
    let active = trail.snapshot().await?.active_actors(&Scope::unscoped(), range, cap).await?;
    let Some(active) = active else { return Err(threadline::query::QueryError::Timeout.into()) };
    let filter = Filter { from: range.from, to: range.to, ..Filter::default() };
    warn_of_missed_changes(&trail, &filter).await;
    if session.json { document(range, &active) } else { Ok(table(range, &active)) }
}

fn document(range: TimeRange, active: &ActiveActors) -> Result<Report, Error> {
    let actors = active.actors.iter().map(|active| Actor {
        actor_ref: active.actor.as_ref(),
        changes: active.changes,
        newest: Timestamp(active.newest),
    });
    json::line(&Document {
        format_version: json::FORMAT_VERSION,
        from: range.from.map(Timestamp),
        to: range.to.map(Timestamp),
        actors: actors.collect(),
        more: active.truncated,
    })
}

fn table(range: TimeRange, active: &ActiveActors) -> Report {
    let since = range.from.map(|from| format!(" since {}", text::time(from))).unwrap_or_default();
    let until = range.to.map(|to| format!(" until {}", text::time(to))).unwrap_or_default();
    if active.actors.is_empty() {
        return format!("Nobody changed anything{since}{until}.\n");
    }
    let head = ["ACTOR", "CHANGES", "NEWEST"].map(str::to_owned);
    let rows = active.actors.iter().map(|active| {
        let actor = active.actor.as_ref();
        let actor = actor.map_or_else(|| "(not signed by the application)".to_owned(), text::actor);
        [actor, active.changes.to_string(), text::time(active.newest)]
    });
    let rows: Vec<_> = [head].into_iter().chain(rows).collect();
    let counted: usize = active.actors.iter().map(|active| active.changes).sum();
    let more = match active.truncated {
        true => format!("\nOnly the newest {counted} changes were counted. Raise --cap to count more.\n"),
        false => String::new(),
    };
    format!("Changes{since}{until}\n\n{}{more}", aligned(&rows))
}
