//! `threadline timeline`: every change, newest first.

use clap::Args;
use threadline::query::Filter;
use threadline::{AuditTrail, Scope};

use crate::failure::Failure;
use crate::output::Report;
use crate::session::Session;
use crate::{Presentation, json, text};

#[derive(Debug, Args)]
pub(crate) struct Question {
    /// Only changes of this table, such as tickets or billing.invoices.
    #[arg(long)]
    table: Option<String>,
    /// Only changes at this time or later, in UTC, such as 2026-11-22T09:30.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only changes at this time or earlier.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    presentation: Presentation,
}

/// Where a page begins, as the page before it said.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Go on at the changes just older than this place.
    #[arg(long, value_name = "CURSOR")]
    older: Option<String>,
    /// Go on at the changes just newer than this place.
    #[arg(long, value_name = "CURSOR")]
    newer: Option<String>,
}

impl Place {
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        given([("older", &self.older), ("newer", &self.newer)])
    }
}

pub(crate) async fn answer(session: &Session, question: &Question) -> Result<Report, Failure> {
    let filters = given([("table", &question.table), ("from", &question.from), ("to", &question.to)]);
    let (filter, position) = Filter::from_pairs(filters.chain(question.place.pairs()))?;
    let trail = session.trail().await?;
    let failed = |error| Failure::query(error, trail.storage_schema());
    let size = usize::from(question.presentation.limit);
    let page = trail.timeline_page(&Scope::unscoped(), &filter, position, size).await.map_err(failed)?;
    if session.json {
        json::timeline(&page)
    } else if page.entries.is_empty() {
        Ok(nothing(&trail).await? + &text::neighbours(&page))
    } else {
        Ok(text::timeline(&page))
    }
}

/// An empty trail is not a narrow filter.
async fn nothing(trail: &AuditTrail) -> Result<Report, Failure> {
    let failed = |error| Failure::query(error, trail.storage_schema());
    let sentence = if trail.has_changes(&Scope::unscoped()).await.map_err(failed)? {
        "No change matches.\n"
    } else {
        "No change has been captured yet.\n"
    };
    Ok(sentence.to_owned())
}

fn given<'a, const N: usize>(
    pairs: [(&'a str, &'a Option<String>); N],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    pairs.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)))
}
