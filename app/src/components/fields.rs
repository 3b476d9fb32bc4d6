//! The fields of a change, old and new.

use chrono::{DateTime, TimeDelta, Utc};
use leptos::either::Either;
use leptos::prelude::*;
use threadline::query::{Change, FieldChange, FieldValue, OldValueSource, Operation, RowKey, Timestamp};

use super::lines::lines;
use super::plural::counted;
use super::shortened::WholeValue;
use super::value::{isolated, one_line, side};
use crate::ColumnOrder;
use crate::diff::{Cell, CellValue, DiffBody, Row, rows};
use crate::html::IntoHtml;

/// The difference between the clocks of a host and its database up to which a time is that of the change.
const CLOCK_DIFFERENCE: TimeDelta = TimeDelta::seconds(1);
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

/// The fields of a change, as rows of a table: those that are shown, and those that are folded. An update has both sides. A new
/// or deleted row has one side, and its NULLs and its key, which the line of the change contains, are folded.
pub(super) struct FieldRows {
    sides: Sides,
    pub(super) shown: Vec<Row>,
    pub(super) rest: Vec<Row>,
    /// The noun for the folded rows.
    rest_noun: &'static str,
    /// True if every old value is from the previous change.
    is_from_previous: bool,
    /// The fields that only repeat the time of the change.
    pub(super) times_of_change: Vec<String>,
}

impl FieldRows {
    /// Returns the rows of a change, in the order of the columns.
    pub(super) fn of(change: &Change, columns: &ColumnOrder) -> Self {
        let mut fields = change.fields();
        columns.sort(&change.table, &mut fields);
        let previous = |field: &FieldChange| field.before_source == OldValueSource::PreviousChange;
        let is_from_previous = !fields.is_empty() && fields.iter().all(previous);
        let times_of_change = times_of_change(change, &fields);
        if change.operation == Operation::Update {
            let (shown, rest) = update(fields, !is_from_previous);
            return Self {
                sides: Sides::Both,
                shown,
                rest,
                rest_noun: "more changed value",
                is_from_previous,
                times_of_change,
            };
        }
        let sides = if change.operation == Operation::Delete { Sides::Old } else { Sides::New };
        let (shown, rest) = whole_row(&sides, &change.key, fields);
        Self { sides, shown, rest, rest_noun: "more field", is_from_previous, times_of_change }
    }

    /// Returns the number of rows.
    pub(super) const fn len(&self) -> usize {
        self.shown.len() + self.rest.len()
    }

    /// Renders the table, with links to the whole old and new values.
    pub(super) fn view(self, label: String, whole: [Option<WholeValue>; 2]) -> impl IntoView {
        let Self { sides, shown, rest, rest_noun, is_from_previous, .. } = self;
        let source = is_from_previous
            .then(|| view! { <p class="note source">"Old values: from the record’s previous change."</p> });
        let rest = (!rest.is_empty()).then(|| {
            let summary = counted(rest.len(), rest_noun);
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

/// Returns the fields whose value is the time at which the change was made, or its transaction began: they tell nothing new.
fn times_of_change(change: &Change, fields: &[FieldChange]) -> Vec<String> {
    // The id of a transaction begins with its time.
    let id = Some(change.transaction_id).filter(|id| id.get_version_num() == 7);
    let began = id.and_then(|id| id.get_timestamp()).and_then(|began| {
        let (seconds, nanoseconds) = began.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanoseconds)
    });
    let began = began.unwrap_or(change.captured_at).min(change.captured_at);
    let is_time_of_change = |field: &&FieldChange| {
        let value = if change.operation == Operation::Delete { &field.before } else { &field.after };
        let at = time_in(value);
        at.is_some_and(|at| began - at <= CLOCK_DIFFERENCE && at - change.captured_at <= CLOCK_DIFFERENCE)
    };
    fields.iter().filter(is_time_of_change).map(|field| field.name.clone()).collect()
}

/// Returns the time that a value is, as PostgreSQL writes it.
fn time_in(value: &FieldValue) -> Option<DateTime<Utc>> {
    let FieldValue::Text(text) = value else { return None };
    let is_candidate = (19..=35).contains(&text.len()) && text.as_bytes().get(4) == Some(&b'-');
    is_candidate.then(|| text.parse::<Timestamp>().ok())?.map(|time| time.0)
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
    /// True if the record existed on both sides, so that a value which is not there was not recorded.
    #[prop(optional)]
    has_both: bool,
) -> impl IntoView {
    let rows: Vec<Row> = match sides {
        Sides::Old | Sides::New => fields.into_iter().map(|field| alone(&sides, field)).collect(),
        _ if has_both => fields.into_iter().flat_map(both).collect(),
        _ => fields.into_iter().flat_map(|field| rows(field, true)).collect(),
    };
    table(sides, rows, label, whole)
}

/// Returns the rows of a field of a record that existed on both sides.
fn both(field: FieldChange) -> Vec<Row> {
    let [no_old, no_new] = [&field.before, &field.after].map(|value| *value == FieldValue::Absent);
    let mut rows = rows(field, true);
    for row in &mut rows {
        if let DiffBody::Cells(old, new) = &mut row.body {
            for (cell, is_missing) in [(old, no_old), (new, no_new)] {
                if is_missing {
                    cell.shown = CellValue::NotRecorded;
                }
            }
        }
    }
    rows
}

fn table(sides: Sides, rows: Vec<Row>, label: String, whole: [Option<WholeValue>; 2]) -> impl IntoView {
    let rows: Vec<_> = rows.into_iter().map(|fields| row(&sides, fields, whole)).collect();
    let hidden = !matches!(sides, Sides::Named(..));
    let head = match sides {
        // The label says which side it is.
        Sides::Old | Sides::New => None,
        Sides::Both => Some(view! { <th>"Old value"</th> <th>"New value"</th> }.into_html()),
        Sides::Named(old, new) => {
            Some(view! { <th>{one_line(old)}</th> <th>{one_line(new)}</th> }.into_html())
        }
    };
    let head = head.map(|sides| {
        view! { <thead class:visually-hidden=hidden><tr><th>"Field"</th>{sides}</tr></thead> }
    });
    view! {
        <table class="diff" aria-label=label>
            <col class="field"/>
            {head}
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
            let old = (*sides != Sides::New)
                .then(|| view! { <td class="old">{side(old, "old value of", &label, whole_old)}</td> });
            let new = (*sides != Sides::Old)
                .then(|| view! { <td class="new">{side(new, "new value of", &label, whole_new)}</td> });
            Either::Right((old, new))
        }
    };
    view! { <tr><th scope="row">{isolated(label)}</th>{cells}</tr> }
}
