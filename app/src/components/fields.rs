//! Field rows, old and new.

use leptos::prelude::*;
use threadline::query::{FieldChange, FieldValue, Operation, RowKey};

/// How many fields of a new or deleted row are shown before the rest folds away.
const SHOWN: usize = 8;
/// How many characters of a value are shown.
const MAX_CHARACTERS: usize = 1_000;

/// The fields of a change as rows of a table. An update shows both sides. A new or deleted row shows its only one; its key,
/// which stands above already, and its NULLs fold away.
#[component]
pub(super) fn Fields(operation: Operation, key: RowKey, mut fields: Vec<FieldChange>) -> impl IntoView {
    let mut rest = Vec::new();
    if operation != Operation::Update {
        let says_little = |field: &FieldChange| {
            key.contains_key(&field.name) || [&field.before, &field.after].contains(&&FieldValue::Null)
        };
        fields.sort_by_key(says_little);
        let shown = fields.iter().filter(|field| !says_little(field)).count().min(SHOWN);
        rest = fields.split_off(shown);
    }
    let rest = (!rest.is_empty()).then(|| {
        let count = rest.len();
        view! {
            <details class="more">
                <summary>{format!("{count} more {}", if count == 1 { "field" } else { "fields" })}</summary>
                <Rows operation=operation fields=rest/>
            </details>
        }
    });
    let fields = (!fields.is_empty()).then(|| view! { <Rows operation=operation fields=fields/> });
    view! { {fields} {rest} }
}

#[component]
fn Rows(operation: Operation, fields: Vec<FieldChange>) -> impl IntoView {
    let rows: Vec<_> = fields.into_iter().map(|field| row(operation, field)).collect();
    let head = match operation {
        Operation::Update => {
            view! { <th scope="col">"Old value"</th> <th scope="col">"New value"</th> }.into_any()
        }
        Operation::Delete => view! { <th scope="col" colspan="2">"Old value"</th> }.into_any(),
        _ => view! { <th scope="col" colspan="2">"New value"</th> }.into_any(),
    };
    view! {
        <table class="diff">
            <thead class="visually-hidden"><tr><th scope="col">"Field"</th>{head}</tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn row(operation: Operation, field: FieldChange) -> impl IntoView {
    let sides = match operation {
        Operation::Update => view! {
            <td class="old"><Value value=field.before/></td>
            <td class="new"><Value value=field.after/></td>
        }
        .into_any(),
        Operation::Delete => {
            view! { <td class="old" colspan="2"><Value value=field.before/></td> }.into_any()
        }
        _ => view! { <td class="new" colspan="2"><Value value=field.after/></td> }.into_any(),
    };
    view! { <tr><th scope="row">{field.name}</th>{sides}</tr> }
}

/// A value as text, never as markup; what is no text says what it is.
#[component]
fn Value(value: FieldValue) -> impl IntoView {
    let kind = |word: &'static str| view! { <span class="kind">{word}</span> }.into_any();
    match value {
        FieldValue::Absent => kind("absent"),
        FieldValue::Omitted => kind("not kept"),
        FieldValue::Null => kind("NULL"),
        FieldValue::Bool(value) => kind(if value { "true" } else { "false" }),
        FieldValue::Text(text) if text.is_empty() => kind("empty text"),
        FieldValue::Text(text) | FieldValue::Number(text) | FieldValue::Json(text) => {
            bounded(text).into_any()
        }
        other => format!("{other:?}").into_any(),
    }
}

fn bounded(mut text: String) -> impl IntoView {
    let hidden = text.char_indices().nth(MAX_CHARACTERS).map(|(at, _)| {
        let hidden = text.split_off(at).chars().count();
        view! { <span class="kind">{format!("… {hidden} more characters")}</span> }
    });
    view! { {text} {hidden} }
}
