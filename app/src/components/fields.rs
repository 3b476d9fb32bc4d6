//! The fields of a change, old and new.

use leptos::either::Either;
use leptos::prelude::*;
use threadline::query::{FieldChange, FieldValue, OldValueSource, Operation, RowKey};

use super::lines::lines;
use super::plural::counted;
use super::shortened::WholeValue;
use super::value::{isolated, one_line, side};
use crate::diff::{Cell, DiffBody, Row, rows};
use crate::html::IntoHtml;

/// Fields of a new or deleted row that are shown before the others are folded.
const FIELDS_SHOWN: usize = 8;
/// Rows of an update that are shown before the others are folded.
const ROWS_SHOWN: usize = 24;

/// The sides of a table of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sides {
    /// The old side.
    Old,
    /// The new side.
    New,
    /// Both sides.
    Both,
    /// Both sides, with visible headings.
    Named(String, String),
}

/// The fields of a change. An update shows both sides. A new or deleted row shows its only side, and folds its NULLs and its
/// key, which the header of the card contains.
#[component]
pub(super) fn Fields(
    operation: Operation,
    key: RowKey,
    fields: Vec<FieldChange>,
    label: String,
    /// The links to the whole old and new values.
    whole: [Option<WholeValue>; 2],
) -> impl IntoView {
    let previous = |field: &FieldChange| field.before_source == OldValueSource::PreviousChange;
    let source = (!fields.is_empty() && fields.iter().all(previous))
        .then(|| view! { <p class="note source">"Old values are from the previous change of this row."</p> });
    let (sides, shown, rest, what) = if operation == Operation::Update {
        let (shown, rest) = update(fields, source.is_none());
        (Sides::Both, shown, rest, "more changed value")
    } else {
        let sides = if operation == Operation::Delete { Sides::Old } else { Sides::New };
        let (shown, rest) = whole_row(&sides, &key, fields);
        (sides, shown, rest, "more field")
    };
    let rest = (!rest.is_empty()).then(|| {
        let summary = counted(rest.len(), what);
        let label = format!("{label}, continued");
        view! {
            <details class="more">
                <summary>{summary}</summary>
                {table(sides.clone(), rest, label, whole)}
            </details>
        }
    });
    let shown = (!shown.is_empty()).then(|| table(sides, shown, label, whole));
    view! { {shown} {rest} {source} }
}

fn update(fields: Vec<FieldChange>, say_source: bool) -> (Vec<Row>, Vec<Row>) {
    let mut shown: Vec<Row> = fields.into_iter().flat_map(|field| rows(field, say_source)).collect();
    // A fold of one row would hide more than it saves.
    let rest = if shown.len() > ROWS_SHOWN + 1 { shown.split_off(ROWS_SHOWN) } else { Vec::new() };
    (shown, rest)
}

fn whole_row(sides: &Sides, key: &RowKey, mut fields: Vec<FieldChange>) -> (Vec<Row>, Vec<Row>) {
    let says_little = |field: &FieldChange| {
        key.contains(&field.name) || [&field.before, &field.after].contains(&&FieldValue::Null)
    };
    fields.sort_by_key(says_little);
    let telling = fields.iter().filter(|field| !says_little(field)).count();
    let rest = fields.split_off(telling.min(FIELDS_SHOWN));
    let rows = |fields: Vec<FieldChange>| fields.into_iter().map(|field| alone(sides, field)).collect();
    (rows(fields), rows(rest))
}

fn alone(sides: &Sides, field: FieldChange) -> Row {
    let (old, new) = match sides {
        Sides::Old => (field.before, FieldValue::Absent),
        _ => (FieldValue::Absent, field.after),
    };
    Row { label: field.name, body: DiffBody::Cells(Cell::alone(old), Cell::alone(new)) }
}

/// A whole table of fields: one side, or both compared.
#[component]
pub(crate) fn FieldTable(
    sides: Sides,
    fields: Vec<FieldChange>,
    label: String,
    /// The links to the whole values of both sides.
    whole: [Option<WholeValue>; 2],
) -> impl IntoView {
    let rows: Vec<Row> = match sides {
        Sides::Old | Sides::New => fields.into_iter().map(|field| alone(&sides, field)).collect(),
        _ => fields.into_iter().flat_map(|field| rows(field, true)).collect(),
    };
    table(sides, rows, label, whole)
}

fn table(sides: Sides, rows: Vec<Row>, label: String, whole: [Option<WholeValue>; 2]) -> impl IntoView {
    let rows: Vec<_> = rows.into_iter().map(|fields| row(&sides, fields, whole)).collect();
    let hidden = !matches!(sides, Sides::Named(..));
    let head = match sides {
        Sides::Old => view! { <th scope="col" colspan="2">"Old value"</th> }.into_html(),
        Sides::New => view! { <th scope="col" colspan="2">"New value"</th> }.into_html(),
        Sides::Both => {
            view! { <th scope="col">"Old value"</th> <th scope="col">"New value"</th> }.into_html()
        }
        Sides::Named(old, new) => {
            view! { <th scope="col">{one_line(old)}</th> <th scope="col">{one_line(new)}</th> }.into_html()
        }
    };
    view! {
        <table class="diff" aria-label=label>
            <colgroup><col class="field"/></colgroup>
            <thead class:visually-hidden=hidden><tr><th scope="col">"Field"</th>{head}</tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn row(sides: &Sides, row: Row, [whole_old, whole_new]: [Option<WholeValue>; 2]) -> impl IntoView + use<> {
    let Row { label, body } = row;
    let cells = match body {
        DiffBody::Lines(changed, source) => {
            let source = source.map(|note| view! { <span class="kind">"Old value "{note}</span> });
            Either::Left(view! { <td colspan="2">{lines(changed)}{source}</td> })
        }
        DiffBody::Cells(old, new) => {
            let width = matches!(sides, Sides::Old | Sides::New).then_some("2");
            let old = (*sides != Sides::New)
                .then(|| view! { <td class="old" colspan=width>{side(old, "old value of", &label, whole_old)}</td> });
            let new = (*sides != Sides::Old)
                .then(|| view! { <td class="new" colspan=width>{side(new, "new value of", &label, whole_new)}</td> });
            Either::Right((old, new))
        }
    };
    view! { <tr><th scope="row">{isolated(label)}</th>{cells}</tr> }
}
