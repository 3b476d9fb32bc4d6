//! What was done, and to what: `~ changed tickets 5041`.

use leptos::prelude::*;
use threadline::TableName;
use threadline::query::{Change, Operation, RowKey};

use crate::components::key::key_in_words;
use crate::components::value::one_line;
use crate::html::{Html, IntoHtml};

/// Renders the verb of an operation. The stylesheet puts a sign before it.
pub(super) fn verb(operation: Operation) -> impl IntoView {
    let (class, verb) = match operation {
        Operation::Insert => ("verb insert", "created"),
        Operation::Delete => ("verb delete", "deleted"),
        Operation::Truncate => ("verb delete", "emptied"),
        _ => ("verb update", "changed"),
    };
    view! { <span class=class title=operation.as_str()>{verb}</span> }
}

/// Renders the verb and the record. The page of a record does not repeat its name.
pub(super) fn subject(change: &Change, page_key: Option<&RowKey>) -> Html {
    let verb = verb(change.operation);
    let record = match (page_key, change.operation) {
        (_, Operation::Truncate) => Some(emptied(change)),
        (Some(page_key), _) if change.takes_away(page_key) => {
            Some(view! { " its key to "{short_key(&change.key)} }.into_html())
        }
        (Some(_), _) => None,
        (None, _) => Some(view! { " "{table(&change.table)}" "{short_key(&change.key)} }.into_html()),
    };
    view! { <span class="what">{verb}{record}</span> }.into_html()
}

/// Renders the name of a table.
pub(super) fn table(name: &TableName) -> impl IntoView + use<> {
    view! { <bdi class="table">{one_line(name.to_string())}</bdi> }
}

fn emptied(change: &Change) -> Html {
    let partition = change.partition.clone().map(|name| view! { " partition "<bdi>{one_line(name)}</bdi> });
    view! { " "{table(&change.table)}{partition} }.into_html()
}

/// Renders a key: its value alone if it has one column.
fn short_key(key: &RowKey) -> Html {
    let mut columns = key.iter();
    match (columns.next(), columns.next()) {
        (None, _) => view! { <span class="kind">"key not recorded"</span> }.into_html(),
        (Some((_, Some(value))), None) => {
            view! { <bdi class="key">{one_line(value.to_owned())}</bdi> }.into_html()
        }
        _ => key_in_words(key.clone()),
    }
}
