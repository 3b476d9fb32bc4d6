//! Two versions of the row, side by side.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::ActorRef;
use threadline::query::{
    AsOf, Comparison, FieldChange, FieldValue, OldValueSource, Operation, RowKey, TimelineEntry,
};

use super::address::Address;
use super::state::{by, new_key, removals};
use super::times::{parse_time, stamp};
use super::{CompareResult, ComparedVersions};
use crate::PageContext;
use crate::components::{
    FieldTable, Sides, Value, WholeValue, counted, isolated, local, one_line, time_in_words,
};
use crate::diff::accessible_line;
use crate::html::{Html, IntoHtml};
use crate::names::RecordName;

/// Renders the form that asks for two of the versions on the page.
pub(super) fn compare_form(
    address: &Address,
    versions: &[TimelineEntry],
    latest: Option<&TimelineEntry>,
    comparison: Option<&CompareResult>,
) -> Html {
    let mut known: Vec<(DateTime<Utc>, String)> = latest.into_iter().chain(versions).map(choice).collect();
    known.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    known.dedup_by_key(|(at, _)| *at);
    let requested = comparison.map(|comparison| comparison.typed.clone().map(|side| parse_time(&side).ok()));
    let default = [known.get(1).or(known.first()), known.first()].map(|choice| choice.map(|(at, _)| *at));
    let chosen = requested.unwrap_or(default);
    for at in chosen.into_iter().flatten() {
        if !known.iter().any(|(known, _)| *known == at) {
            known.push((at, time_in_words(at)));
        }
    }
    known.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let error = comparison.and_then(|comparison| comparison.result.as_ref().err().cloned());
    let invalid_side = error.as_ref().map(|(side, _)| *side);
    let error =
        error.map(|(_, sentence)| view! { <p class="mistake" id="compare-mistake">{one_line(sentence)}</p> });
    let select = |side: usize, name: &'static str, label: &'static str| {
        let options: Vec<_> = known
            .iter()
            .map(|(at, words)| {
                let selected = chosen[side] == Some(*at);
                view! { <option value=stamp(*at) selected=selected>{accessible_line(words)}</option> }
            })
            .collect();
        let invalid = (invalid_side == Some(side)).then_some("true");
        let described = (invalid_side == Some(side)).then_some("compare-mistake");
        view! { <label>{label} <select name=name aria-invalid=invalid aria-describedby=described>{options}</select></label> }
    };
    view! {
        <form method="get" action=address.whole() aria-label="Two versions side by side">
            {address.hidden_fields()}
            {select(0, "compare", "Compare")}
            {select(1, "with", "with")}
            {error}
            <div class="buttons"><button>"Compare"</button></div>
        </form>
    }
    .into_html()
}

fn choice(entry: &TimelineEntry) -> (DateTime<Utc>, String) {
    let at = entry.change.captured_at;
    let operation = entry.change.operation.as_str();
    let actor = entry.transaction.actor.as_ref().map(|actor| format!(" by {}", actor_name(actor)));
    let actor = actor.unwrap_or_default();
    (at, format!("{}: {operation}{actor}", local(at, "%-d %b %Y, %H:%M:%S")))
}

/// Renders the differences, field by field. Equal fields are folded.
pub(super) fn compare_panel(
    compared: ComparedVersions,
    name: &RecordName,
    key: &RowKey,
    address: &Address,
) -> Html {
    let ComparedVersions { at, comparison: Comparison { before, after, mut fields, .. } } = compared;
    let different: BTreeSet<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let mut equal = after.fields();
    equal.retain(|field| !different.contains(field.name.as_str()));
    let mut sides = [before, after];
    if at[0] > at[1] {
        sides.reverse();
        fields = fields.into_iter().map(swapped).collect();
    }
    let swap = address.with([("compare", stamp(at[1])), ("with", stamp(at[0]))]);
    let is_different = !fields.is_empty();
    let whole = sides.each_ref().map(|side| side.entry().map(|entry| WholeValue::after(&entry.change)));
    let table = is_different.then(|| {
        let [left, right] =
            [0, 1].map(|side| format!("{}: {}", time_in_words(at[side]), state_in_words(&sides[side])));
        let label = "Fields that differ".to_owned();
        view! { <FieldTable sides=Sides::Named(left, right) fields=fields label=label whole=whole/> }
    });
    let same = (!is_different).then(|| {
        let [left, right] = &sides;
        let words = match (left.row(), right.row()) {
            (None, None) => "The trail knows of no row with this key at either of the two times.",
            _ => "No field differs between the two times.",
        };
        view! { <p>{words}</p> }
    });
    let remarks: Vec<_> = sides
        .into_iter()
        .zip(at)
        .filter_map(|(side, at)| {
            remark(side, key).map(|words| view! { <p>{time_in_words(at)}": "{words}</p> })
        })
        .collect();
    view! {
        <section class="panel" aria-labelledby="compare-heading">
            <header>
                <h2 id="compare-heading">"Two versions side by side: "{name.heading()}</h2>
                <a href=swap>"Swap sides"</a>
                <a href=address.with([])>"Close"</a>
            </header>
            {same}
            {remarks}
            {table}
            {folded(equal)}
        </section>
    }
    .into_html()
}

fn state_in_words(row: &AsOf) -> String {
    match row {
        AsOf::Present(entry) => after(entry),
        AsOf::Uncertain { entry, .. } => format!("{}; it may have been removed", after(entry)),
        AsOf::Deleted(entry) if entry.change.operation == Operation::Truncate => {
            "removed by TRUNCATE of the table".to_owned()
        }
        AsOf::Deleted(_) => "the row had been deleted".to_owned(),
        AsOf::Moved(_) => "no row had this key any more".to_owned(),
        AsOf::BeforeHorizon => "the trail begins later for this row".to_owned(),
    }
}

fn after(entry: &TimelineEntry) -> String {
    let operation = entry.change.operation.as_str();
    match &entry.transaction.actor {
        Some(actor) => format!("after the {operation} by {}", actor_name(actor)),
        None => format!("after the {operation}, not signed by the application"),
    }
}

fn actor_name(actor: &ActorRef) -> String {
    PageContext::current().names().actor(actor).text
}

/// Renders what has to be explained about a side, with links.
fn remark(row: AsOf, key: &RowKey) -> Option<Html> {
    match row {
        AsOf::Uncertain { causes, .. } => {
            Some(view! { "the row may have been removed: "{removals(causes, key)}"." }.into_html())
        }
        AsOf::Moved(entry) => {
            let new_key = new_key(&entry);
            Some(
                view! { "no row had this key any more, because it became "{new_key}" on "{by(entry)}"." }
                    .into_html(),
            )
        }
        AsOf::Deleted(entry) if entry.change.operation == Operation::Truncate => {
            Some(view! { "the row had been removed by TRUNCATE of the table on "{by(entry)}"." }.into_html())
        }
        AsOf::Present(_) | AsOf::Deleted(_) | AsOf::BeforeHorizon => None,
    }
}

/// Swaps the sides of a field.
fn swapped(FieldChange { name, before, after, .. }: FieldChange) -> FieldChange {
    let before_source =
        if after == FieldValue::Absent { OldValueSource::Absent } else { OldValueSource::Stored };
    FieldChange::new(name, (after, before_source), before)
}

fn folded(fields: Vec<FieldChange>) -> Html {
    let rows: Vec<_> = fields
        .into_iter()
        .map(|field| {
            let value = view! { <Value value=field.after field=field.name.clone()/> };
            view! { <tr><th scope="row">{isolated(field.name)}</th><td>{value}</td></tr> }.into_html()
        })
        .collect();
    if rows.is_empty() {
        return ().into_html();
    }
    view! {
        <details class="more">
            <summary>{counted(rows.len(), "equal field")}</summary>
            <table class="diff row-image">
                <colgroup><col class="field"/><col/></colgroup>
<thead class="visually-hidden"><tr><th scope="col">"Field"</th><th scope="col">"Value at both times"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </details>
    }
    .into_html()
}
