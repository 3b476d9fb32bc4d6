//! `threadline count`: how many changes there are.

use clap::Args;
use serde::Serialize;
use threadline::Scope;
use threadline::query::{Count, Position};

use crate::failure::Failure;
use crate::filters::{Anything, Filters};
use crate::json;
use crate::output::Report;
use crate::session::Session;
use crate::timeline::{Place, nothing, with_lower_case_uuids};

#[derive(Debug, Args)]
pub(crate) struct Question {
    #[command(flatten)]
    filters: Filters<Anything>,
    /// Count no further than this.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    cap: u32,
}

#[derive(Serialize)]
struct Document {
    format_version: u32,
    count: usize,
    /// Whether there are more than that.
    more: bool,
}

pub(crate) async fn answer(session: &Session, question: &Question) -> Result<Report, Failure> {
    let (filter, _) = question.filters.read(&Place::default())?;
    let trail = session.trail().await?;
    let failed = |error| Failure::query(error, trail.storage_schema());
    let filter = with_lower_case_uuids(&trail, filter).await.map_err(failed)?;
    let scope = Scope::unscoped();
    let cap = usize::try_from(question.cap).unwrap_or(usize::MAX);
    let counted =
        trail.snapshot().await.map_err(failed)?.count(&scope, &filter, cap).await.map_err(failed)?;
    let text = match counted {
        Count::Exact(0) => {
            // A count does not tell a row without changes from a key that no row has.
            trail.timeline_page(&scope, &filter, Position::Newest, 1).await.map_err(failed)?;
            nothing(&trail, &filter, "change").await.map_err(failed)?
        }
        Count::Exact(1) => "1 change\n".to_owned(),
        Count::Exact(count) => format!("{count} changes\n"),
        Count::Truncated(1) => "more than 1 change\n".to_owned(),
        Count::Truncated(cap) => format!("more than {cap} changes\n"),
    };
    let (count, more) = match counted {
        Count::Exact(count) => (count, false),
        Count::Truncated(cap) => (cap, true),
    };
    if session.json {
        json::line(&Document { format_version: json::FORMAT_VERSION, count, more })
    } else {
        Ok(text)
    }
}
