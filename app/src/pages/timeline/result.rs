//! The number of changes that were found, and their downloads.

use std::collections::BTreeSet;

use leptos::prelude::*;
use threadline::query::{Count, Filter, Position, TimelineLine};

use super::FoundChanges;
use crate::PageContext;
use crate::components::{counted, counted_up_to};
use crate::html::IntoHtml;

/// The formats of downloads.
const FORMATS: [(&str, &str); 3] = [("CSV", "csv"), ("JSON", "json"), ("NDJSON", "ndjson")];

/// Renders the number of matching changes, or that counting took too long. The number of their transactions is known where one page
/// has all of them.
pub(super) fn result_line(found: &FoundChanges) -> impl IntoView + use<> {
    let FoundChanges { count, page, .. } = found;
    let has_all = page.older.is_none() && page.newer.is_none() && page.truncated_at.is_none();
    let ids: BTreeSet<_> = page.entries.iter().map(|line| line.transaction().id).collect();
    let transactions =
        (has_all && !ids.is_empty()).then(|| format!(" in {}", counted(ids.len(), "transaction")));
    let line = match *count {
        Some(Count::Exact(count)) => view! { <b>{counted(count, "change")}</b> }.into_html(),
        Some(Count::Truncated(cap)) => {
            view! { <b>{counted_up_to(Count::Truncated(cap), "change")}</b> }.into_html()
        }
        None => "Counting took too long".into_html(),
    };
    view! { <p class="count">{line}{transactions}</p> }
}

/// Renders links that download the changes of the filter.
pub(super) fn downloads(context: &PageContext, filter: &Filter) -> impl IntoView + use<> {
    let links: Vec<_> = FORMATS
        .into_iter()
        .map(|(name, extension)| {
            let href = context.with_filter(&format!("/exports/changes.{extension}"), filter);
            view! { <a class="button" href=href>{name}</a> }
        })
        .collect();
    view! { <div class="downloads" role="group" aria-label="Download these changes">"Download" {links}</div> }
}

/// Renders the link to the list as it is shown: it ends at the newest change on the page, so that it shows the same later. Script copies
/// the address. A page of newer changes that begins with a large transaction has none, because the newest change of it is not known.
pub(super) fn list_link(context: &PageContext, found: &FoundChanges) -> Option<impl IntoView + use<>> {
    let FoundChanges { filter, position, page, .. } = found;
    let newest = page.entries.first()?;
    let href = match (position, newest) {
        (Position::OlderThan(cursor), _) => {
            let list = context.timeline_href(filter);
            format!("{list}&older={cursor}")
        }
        (Position::NewerThan(_), TimelineLine::Transaction(_)) => return None,
        _ => context.timeline_href(&Filter { to: Some(newest.captured_at()), ..filter.clone() }),
    };
    Some(view! { <a class="list-link" href=href data-copy-link="">"Link"</a> })
}
