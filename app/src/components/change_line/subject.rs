//! The verb of a line, and the record: `~ changed tickets 5041`.

use leptos::prelude::*;
use threadline::TableName;
use threadline::query::{Change, Operation, RowKey};

use crate::components::value::one_line;
use crate::html::{Html, IntoHtml};
use crate::names::{Names, RecordName};

/// Renders the verb of an operation, or the words of the host for its action. The stylesheet puts a sign before it, by the title.
pub(super) fn verb(operation: Operation, action: Option<&str>) -> impl IntoView + use<> {
    let words = one_line(action.unwrap_or(operation_word(operation)).to_owned());
    view! { <span class="verb" title=operation.as_str()>{words}</span> }
}

/// Returns what an operation did to a record: `created`, `changed`, `deleted`, or `emptied` for the whole table.
pub(crate) const fn operation_word(operation: Operation) -> &'static str {
    match operation {
        Operation::Insert => "created",
        Operation::Delete => "deleted",
        Operation::Truncate => "emptied",
        _ => "changed",
    }
}

/// Renders the verb and the record. The words of the host for the action replace the verb.
pub(super) fn subject(
    change: &Change,
    page_key: Option<&RowKey>,
    record: Option<&RecordName>,
    action: Option<&str>,
    names: Names<'_>,
) -> Html {
    let verb = verb(change.operation, action);
    let what = match (page_key, record) {
        _ if change.operation == Operation::Truncate => Some(emptied(change, names)),
        (Some(page_key), _) if change.takes_away(page_key) => {
            let record = names.record(&change.table, &change.key).without_noun();
            Some(view! { " its key to "{record} }.into_html())
        }
        (None, Some(record)) => Some(view! { " "{record.in_line(action.is_some())} }.into_html()),
        _ => None,
    };
    view! { <span class="what">{verb}{what}</span> }.into_html()
}

/// Renders the noun for this many records of a table.
pub(super) fn noun(table: &TableName, count: usize, names: Names<'_>) -> impl IntoView + use<> {
    view! { <bdi class="table">{one_line(names.noun(table, count).into_owned())}</bdi> }
}

fn emptied(change: &Change, names: Names<'_>) -> Html {
    let partition = change.partition.clone().map(|name| view! { " partition "<bdi>{one_line(name)}</bdi> });
    view! { " "{noun(&change.table, 2, names)}{partition} }.into_html()
}
