//! `threadline timeline`: every change, newest first; and what is the timeline of something.

use clap::Args;
use threadline::InvalidParameter;
use threadline::query::{Filter, QueryError};
use threadline::{AuditTrail, Scope};

use crate::failure::Failure;
use crate::filters::{Filters, Keys, OneRow};
use crate::output::Report;
use crate::session::Session;
use crate::{Presentation, json, key, text};

#[derive(Debug, Args)]
pub(crate) struct Question<K: Keys> {
    #[command(flatten)]
    filters: Filters<K>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    presentation: Presentation,
}

/// Where a page begins, as the page before it said.
#[derive(Debug, Default, Args)]
pub(crate) struct Place {
    /// Go on at what is just older than this place.
    #[arg(long, value_name = "CURSOR")]
    older: Option<String>,
    /// Go on at what is just newer than this place.
    #[arg(long, value_name = "CURSOR")]
    newer: Option<String>,
}

impl Place {
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        given([("older", &self.older), ("newer", &self.newer)])
    }
}

pub(crate) async fn answer<K: Keys>(session: &Session, question: &Question<K>) -> Result<Report, Failure> {
    let (filter, position) = question.filters.read(&question.place)?;
    let trail = session.trail().await?;
    let failed = |error| Failure::query(error, trail.storage_schema());
    let filter = with_lower_case_uuids(&trail, filter).await.map_err(failed)?;
    let size = usize::from(question.presentation.limit);
    let page = trail.timeline_page(&Scope::unscoped(), &filter, position, size).await.map_err(failed)?;
    let text = if page.entries.is_empty() && page.truncated_at.is_none() {
        nothing(&trail, &filter, "change").await.map_err(failed)? + &text::neighbours(&page)
    } else {
        text::timeline(&page)
    };
    if session.json { json::timeline(&page) } else { Ok(text) }
}

/// The changes of one row, those that gave it the key or took the key away, and each TRUNCATE of its table.
pub(crate) async fn history(session: &Session, question: &Question<OneRow>) -> Result<Report, Failure> {
    let (filter, position) = question.filters.read(&question.place)?;
    let trail = session.trail().await?;
    let failed = |error| Failure::query(error, trail.storage_schema());
    let filter = with_lower_case_uuids(&trail, filter).await.map_err(failed)?;
    let (Some(table), Some(key)) = (filter.table.clone(), filter.key.clone()) else {
        return Err(InvalidParameter::new("key", "", "the key of a row").into());
    };
    let size = usize::from(question.presentation.limit);
    let page = trail
        .snapshot()
        .await
        .map_err(failed)?
        .row_history(&Scope::unscoped(), table, key.clone(), &filter, position, size)
        .await
        .map_err(failed)?;
    let text = if page.entries.is_empty() && page.truncated_at.is_none() {
        nothing(&trail, &filter, "change").await.map_err(failed)? + &text::neighbours(&page)
    } else {
        text::history(&page, &key)
    };
    if session.json { json::timeline(&page) } else { Ok(text) }
}

/// Why nothing is there: an empty trail is no narrow filter, and a table of which nothing is recorded is a mistake.
pub(crate) async fn nothing(trail: &AuditTrail, filter: &Filter, thing: &str) -> Result<Report, QueryError> {
    let scope = Scope::unscoped();
    if let Some(table) = &filter.table
        && !trail.snapshot().await?.captured_tables(&scope).await?.contains(table)
    {
        let of_table = Filter { table: Some(table.clone()), ..Filter::default() };
        if trail.timeline(&scope, &of_table, 1).await?.is_empty() {
            return Err(QueryError::NotCaptured { table: table.clone() });
        }
    }
    if !trail.snapshot().await?.has_changes(&scope).await? {
        return Ok("No change has been captured yet.\n".to_owned());
    }
    let mut text = format!("No {thing} matches.\n");
    if let (Some(table), Some(key)) = (&filter.table, &filter.key) {
        text += &key::explain_empty(trail, table, key).await?;
    }
    Ok(text)
}

/// The filter with the key that the trail has of its row.
pub(crate) async fn with_lower_case_uuids(trail: &AuditTrail, filter: Filter) -> Result<Filter, QueryError> {
    let (Some(table), Some(key)) = (&filter.table, filter.key.clone()) else { return Ok(filter) };
    let key = key::with_lower_case_uuids(trail, table, key).await?;
    Ok(Filter { key: Some(key), ..filter })
}

pub(crate) fn given<'a, const N: usize>(
    pairs: [(&'a str, &'a Option<String>); N],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    pairs.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)))
}
