//! One change of a row.

use leptos::prelude::*;
use threadline::query::{Change, Operation, RowKey};

use super::fields::Fields;
use super::key::{key_in_words, other_key};
use super::shortened::{WholeValue, left_out};
use super::time::clock_note;
use super::value::{isolated, one_line};
use crate::PageContext;
use crate::diff::{accessible_line, accessible_text};
use crate::html::{Html, IntoHtml};

/// The card of a change: the operation, the key, the link to the row history, and the fields with old and new values.
#[component]
pub(crate) fn ChangeCard(
    change: Change,
    /// The key whose history the page shows, if it shows one.
    #[prop(optional)]
    page_key: Option<RowKey>,
) -> impl IntoView {
    let operation = change.operation;
    let id = format!("change-{}", change.id);
    let table = change.table.to_string();
    let accessible_table = accessible_line(&table);
    let history = with_context(|context: &PageContext| context.row_href(&change)).flatten().map(|href| {
        let row = format!("Row history of {accessible_table}, {}", accessible_text(&said(&change.key)));
        view! { <a class="go" href=href aria-label=row>"Row history"</a> }
    });
    let (fields, whole) = (change.fields(), WholeValue::of(&change));
    let left_out = change.values_left_out.map(|bytes| left_out(&change, bytes));
    let other_key = other_key(&change, page_key.as_ref());
    let shown_key = match page_key {
        Some(page_key) if change.takes_away(&page_key) => change.old_key.clone().unwrap_or_default(),
        _ => change.key.clone(),
    };
    let clock = change.clock_at.map(|clock_at| clock_note(change.captured_at, clock_at).into_html());
    let partition = change.partition.clone();
    let emptied = if partition.is_some() { "partition" } else { "whole table" };
    let partition = partition.map(|name| {
        view! { <span><span class="column">"partition "</span><bdi class="mono">{one_line(name)}</bdi></span> }
    });
    let label = match operation {
        Operation::Update => format!("Changed fields of {accessible_table}"),
        _ => format!("Fields of {accessible_table}"),
    };
    let body = match (operation, fields.is_empty()) {
        _ if left_out.is_some() => left_out.into_html(),
        (Operation::Truncate, _) => note(format!(
            "The {emptied} was emptied by TRUNCATE. Its rows are not in this record one by one."
        )),
        (Operation::Update, true) => note("No recorded field changed.".to_owned()),
        (_, true) => note("The row's values were not recorded.".to_owned()),
        _ => view! { <Fields operation=operation key=change.key.clone() fields=fields label=label whole=whole/> }
            .into_html(),
    };
    view! {
        <section class="change" id=id tabindex="-1">
            <header>
                <span class=badge(operation)>{operation.as_str()}</span>
                <span class="mono table">{isolated(table)}</span>
                {partition}
                {key(operation, shown_key)}
                {history}
            </header>
            {other_key}
            {body}
            {clock}
        </section>
    }
}

fn note(words: String) -> Html {
    view! { <p class="note">{words}</p> }.into_html()
}

const fn badge(operation: Operation) -> &'static str {
    match operation {
        Operation::Insert => "op insert",
        Operation::Delete => "op delete",
        Operation::Truncate => "op truncate",
        _ => "op update",
    }
}

fn said(key: &RowKey) -> String {
    let parts: Vec<_> =
        key.iter().map(|(column, value)| format!("{column} {}", value.unwrap_or("NULL"))).collect();
    parts.join(", ")
}

/// Renders the key, column by column: `id 4711`.
fn key(operation: Operation, key: RowKey) -> Option<Html> {
    if key.is_empty() {
        let unknown = || view! { <span class="kind">"key not recorded"</span> }.into_html();
        return (operation != Operation::Truncate).then(unknown);
    }
    Some(key_in_words(key))
}
