//! The links to newer and older entries.

use leptos::prelude::*;
use threadline::query::Cursor;

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
