//! One change of one row.

use leptos::either::Either;
use leptos::prelude::*;
use threadline::query::{Change, Operation, RowKey};

use super::fields::Fields;
use super::value::text;
use crate::Frame;
use crate::diff::spelled;
use crate::html::{Html, IntoHtml};

/// The operation, the row's key, the way to its history, and its fields old and new.
#[component]
pub(crate) fn ChangeCard(change: Change) -> impl IntoView {
    let operation = change.operation;
    let id = format!("change-{}", change.id);
    let table = change.table.to_string();
    let history = with_context(|frame: &Frame| frame.row_href(&change)).flatten().map(|href| {
        let row = format!("Row history of {table}, {}", spelled(&said(&change.key)));
        view! { <a class="go" href=href aria-label=row>"Row history"</a> }
    });
    let fields = change.fields();
    let label = match operation {
        Operation::Update => format!("Changed fields of {table}"),
        _ => format!("Fields of {table}"),
    };
    let body = match (operation, fields.is_empty()) {
        (Operation::Truncate, _) => {
            note("The whole table was emptied. Its rows were not recorded one by one.")
        }
        (Operation::Update, true) => note("No recorded field changed."),
        (_, true) => note("The row's values were not recorded."),
        _ => view! { <Fields operation=operation key=change.key.clone() fields=fields label=label/> }
            .into_html(),
    };
    view! {
        <section class="change" id=id tabindex="-1">
            <header>
                <span class=badge(operation)>{operation.as_str()}</span>
                <span class="mono table">{table}</span>
                {key(operation, change.key)}
                {history}
            </header>
            {body}
        </section>
    }
}

fn note(words: &'static str) -> Html {
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
    let parts: Vec<_> = key
        .iter()
        .map(|(column, value)| format!("{column} {}", value.as_deref().unwrap_or("NULL")))
        .collect();
    parts.join(", ")
}

/// The key, column by column: `id 4711`.
fn key(operation: Operation, key: RowKey) -> Option<Html> {
    if key.is_empty() {
        let unknown = || view! { <span class="kind">"key not recorded"</span> }.into_html();
        return (operation != Operation::Truncate).then(unknown);
    }
    let last = key.len() - 1;
    let parts: Vec<_> = key
        .into_iter()
        .enumerate()
        .map(|(position, (column, value))| {
            let value = match value {
                Some(value) => Either::Left(view! { <bdi class="key">{text(value, true)}</bdi> }),
                None => Either::Right(view! { <span class="kind sign">"NULL"</span> }),
            };
            let comma = (position < last).then_some(", ");
            view! { <bdi class="column">{text(column, true)}</bdi> " " {value} {comma} }
        })
        .collect();
    Some(view! { <span class="mono">{parts}</span> }.into_html())
}
