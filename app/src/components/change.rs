//! One change of one row.

use leptos::prelude::*;
use threadline::query::{Change, Operation};

use super::fields::Fields;

/// The operation, the row's key, and its fields old and new.
#[component]
pub(crate) fn ChangeCard(change: Change) -> impl IntoView {
    let key: Vec<String> = change
        .key
        .iter()
        .map(|(column, value)| format!("{column} {}", value.as_deref().unwrap_or("NULL")))
        .collect();
    let operation = change.operation.as_str();
    let fields = change.fields();
    let body = match change.operation {
        Operation::Truncate => {
            view! { <p class="note">"The whole table was emptied. Its rows were not recorded one by one."</p> }.into_any()
        }
        operation => view! { <Fields operation=operation key=change.key fields=fields/> }.into_any(),
    };
    view! {
        <section class="change">
            <header>
                <span class=format!("op {operation}")>{operation}</span>
                <span class="mono table">{change.table.to_string()}</span>
                <span class="mono">{key.join(", ")}</span>
            </header>
            {body}
        </section>
    }
}
