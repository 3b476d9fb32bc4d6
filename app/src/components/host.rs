//! Links to the host application.

use leptos::prelude::*;

use super::value::one_line;
use crate::PageContext;

/// Renders a link to a page of the host: `Open in Help desk ↗`.
pub(crate) fn open_in_host(context: &PageContext, href: String) -> impl IntoView + use<> {
    let words = format!("Open in {}", context.host.name_in_sentence());
    view! { <a href=href>{one_line(words)}" "<span aria-hidden="true">"↗"</span></a> }
}
