//! The links to newer and older entries, and the end of a search that was stopped.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::query::{Cursor, Position};

use super::Timestamp;
use crate::html::IntoHtml;

/// Links to the neighbouring pages. A direction without entries is shown as disabled, so that the links never move.
#[component]
pub(crate) fn Pager(
    /// The address of this list with its filters, without a cursor.
    list: String,
    newer: Option<Cursor>,
    older: Option<Cursor>,
    /// A summary of the page.
    summary: String,
) -> impl IntoView {
    let separator = if list.contains('?') { '&' } else { '?' };
    let link = |label: &'static str, rel: &'static str, key: &str, cursor: Option<Cursor>| match cursor {
        Some(cursor) => {
            view! { <a class="button" rel=rel href=format!("{list}{separator}{key}={cursor}")>{label}</a> }
                .into_html()
        }
        None => view! { <span class="button" aria-disabled="true">{label}</span> }.into_html(),
    };
    view! {
        <nav class="pager" aria-label="Pages">
            {link("Newer", "prev", "newer", newer)}
            <span role="status">{summary}</span>
            {link("Older", "next", "older", older)}
        </nav>
    }
}

/// Renders how far a page has searched from its position on, if the search was stopped there.
pub(crate) fn search_stopped(
    at: Option<DateTime<Utc>>,
    position: Position,
    is_empty: bool,
) -> Option<impl IntoView + use<>> {
    let at = at?;
    let (searched, link) = match position {
        Position::Newest | Position::OlderThan(_) => ("Searched back to ", "Older"),
        Position::NewerThan(_) => ("Searched forward to ", "Newer"),
    };
    let title = if is_empty { "Nothing found so far" } else { "There may be more" };
    Some(view! {
        <section class="empty stopped">
            <h2>{title}</h2>
            <p>{searched} <Timestamp at=at/> {format!(". {link} continues from there; a narrower search is faster.")}</p>
        </section>
    })
}
