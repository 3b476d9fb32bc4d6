//! The key of a row, as in `id 4711`.

use leptos::either::Either;
use leptos::prelude::*;
use threadline::TableName;
use threadline::query::{Change, RowKey};

use super::value::{one_line, text};
use crate::PageContext;
use crate::html::{Html, IntoHtml};

/// Renders the key, column by column.
pub(crate) fn key_in_words(key: RowKey) -> Html {
    let last = key.iter().len().saturating_sub(1);
    let parts: Vec<_> = key
        .into_iter()
        .enumerate()
        .map(|(position, (column, value))| {
            let value = match value {
                Some(value) => Either::Left(view! { <bdi class="key">{text(value, true)}</bdi> }),
                None => Either::Right(view! { <span class="kind sign">"NULL"</span> }),
            };
            let comma = (position < last).then_some(", ");
            view! { <bdi class="column">{one_line(column)}</bdi> " " {value} {comma} }
        })
        .collect();
    view! { <span class="mono">{parts}</span> }.into_html()
}

/// Renders a key as a link to the history of the row that has it.
pub(crate) fn key_link(table: &TableName, key: RowKey) -> Html {
    let href = key.is_complete().then(|| PageContext::current().row_of(table, &key));
    match href {
        Some(href) => view! { <a href=href>{key_in_words(key)}</a> }.into_html(),
        None => key_in_words(key),
    }
}

/// Renders the other key of a change that replaced a key, with a link: the old key or, on the page of the old key, the new
/// one.
pub(super) fn other_key(change: &Change, page_key: Option<&RowKey>) -> Option<Html> {
    let old_key = change.old_key.as_ref()?;
    let (before, key, after) = match page_key {
        Some(page_key) if change.takes_away(page_key) => ("Became ", &change.key, "."),
        _ => ("Was ", old_key, " before."),
    };
    let link = key_link(&change.table, key.clone());
    Some(view! { <p class="note">{before}{link}{after}</p> }.into_html())
}
