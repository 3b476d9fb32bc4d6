//! The columns that a search for a value does not cover.

use leptos::prelude::*;
use threadline::query::UnsearchedColumns;

use super::{counted, sentence_parts};
use crate::html::IntoHtml;

/// The tables whose columns are named.
const MAX_TABLES: usize = 5;

/// Renders the reason for each column, of the first tables.
pub(crate) fn unsearched_columns(unsearched: &[UnsearchedColumns]) -> Option<impl IntoView + use<>> {
    let named = unsearched.iter().take(MAX_TABLES).flat_map(UnsearchedColumns::describe);
    let named = named.map(|sentence| view! { <p class="note">{sentence_parts(sentence)}</p> }.into_html());
    let more = unsearched.len().saturating_sub(MAX_TABLES);
    let more = (more > 0).then(|| {
        let words = format!("Columns of {} are not recorded or masked as well.", counted(more, "more table"));
        view! { <p class="note">{words}</p> }.into_html()
    });
    let notes: Vec<_> = named.chain(more).collect();
    (!notes.is_empty()).then(|| view! { <section aria-label="Not searched">{notes}</section> })
}
