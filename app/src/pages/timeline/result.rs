//! The number of changes that were found, and their downloads.

use leptos::prelude::*;
use threadline::query::{Count, Filter};

use crate::PageContext;
use crate::components::{counted, counted_up_to};
use crate::html::IntoHtml;

/// The formats of downloads.
const FORMATS: [(&str, &str); 3] = [("CSV", "csv"), ("JSON", "json"), ("NDJSON", "ndjson")];

/// Renders the number of matching changes, or that counting took too long.
pub(super) fn result_line(count: Option<Count>) -> impl IntoView {
    let line = match count {
        Some(Count::Exact(count)) => view! { <b>{counted(count, "change")}</b> }.into_html(),
        Some(Count::Truncated(cap)) => {
            view! { <b>{counted_up_to(Count::Truncated(cap), "change")}</b> }.into_html()
        }
        None => "Counting took too long".into_html(),
    };
    view! { <p class="count">{line}</p> }
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
