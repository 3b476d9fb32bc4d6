//! The first changed fields of a line, with their old and new values.

use leptos::prelude::*;
use threadline::query::{Change, Operation};

use super::excerpt::excerpt;
use crate::components::fields::FieldRows;
use crate::components::plural::{counted, size};
use crate::components::value::one_line;
use crate::diff::{DiffBody, Line, LineKind, Row};
use crate::html::{Html, IntoHtml};

/// Fields that a line shows.
const MAX_FIELDS: usize = 2;

/// Renders the first fields of a change, and the number of the others. A new or deleted record does not repeat the column of its
/// label. Fields that repeat the time of the change come last.
pub(super) fn delta(change: &Change, rows: &FieldRows, label_column: Option<&str>) -> Html {
    if let Some(bytes) = change.values_left_out {
        return view! { <span class="kind">{format!("values of {}", size(bytes))}</span> }.into_html();
    }
    match change.operation {
        Operation::Truncate => return ().into_html(),
        Operation::Update if rows.len() == 0 => {
            return view! { <span class="kind">"no recorded field"</span> }.into_html();
        }
        _ if rows.len() == 0 => return view! { <span class="kind">"values not recorded"</span> }.into_html(),
        _ => {}
    }
    let label_column = label_column.filter(|_| change.operation != Operation::Update);
    let is_label = |row: &&Row| Some(row.label.as_str()) == label_column;
    let labels = rows.shown.iter().chain(&rows.rest).filter(is_label).count();
    let mut shown: Vec<&Row> = rows.shown.iter().filter(|row| !is_label(row)).collect();
    shown.sort_by_key(|row| rows.times_of_change.contains(&row.label));
    let fields: Vec<_> = shown.into_iter().take(MAX_FIELDS).map(field).collect();
    let rest = rows.len() - fields.len() - labels;
    let rest = match (rest, fields.len()) {
        (0, _) => None,
        (rest, 0) => Some(counted(rest, "field")),
        (rest, _) => Some(format!("+{rest} more")),
    };
    let rest = rest.map(|words| view! { <span class="others">{words}</span> });
    view! { {fields} {rest} }.into_html()
}

/// Renders a field. The stylesheet puts an arrow between its values.
fn field(row: &Row) -> Html {
    let name = view! { <bdi class="field">{one_line(row.label.clone())}</bdi> };
    match &row.body {
        DiffBody::Lines(lines, _) => view! { {name}" "{changed_lines(lines)}" " }.into_html(),
        DiffBody::Cells(old, new) => {
            let old = excerpt(old).map(|old| view! { <del>{old}</del> });
            let new = excerpt(new).map(|new| view! { <ins>{new}</ins> });
            view! { {name}" "{old}" "{new}" " }.into_html()
        }
    }
}

/// Describes the changed lines of a text: `2 lines added, 1 removed`.
fn changed_lines(lines: &[Line]) -> String {
    let count = |wanted: LineKind| -> usize {
        let number = |line: &Line| match line {
            Line::Shown { kind, .. } if *kind == wanted => 1,
            Line::Folded { kind, count, .. } if *kind == wanted => *count,
            _ => 0,
        };
        lines.iter().map(number).sum()
    };
    match (count(LineKind::Added), count(LineKind::Removed)) {
        (added, 0) => format!("{} added", counted(added, "line")),
        (0, removed) => format!("{} removed", counted(removed, "line")),
        (added, removed) => format!("{} added, {removed} removed", counted(added, "line")),
    }
}
