//! Two versions of the record, side by side.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::query::{
    AsOf, Comparison, FieldChange, FieldValue, OldValueSource, Operation, RowKey, TimelineEntry,
};
use threadline::{ActorRef, TableName};

use super::address::Address;
use super::differences::{Differences, folded};
use super::state::{by, new_key, removals};
use super::times::{parse_time, stamp};
use super::{CompareResult, ComparedVersions};
use crate::PageContext;
use crate::components::{
    FieldTable, Sides, WholeValue, counted, local, one_line, operation_word, time_in_words,
};
use crate::diff::accessible_line;
use crate::html::{Html, IntoHtml};
use crate::names::RecordName;

/// Renders the form that asks for two of the versions on the page. It is folded while it does not show a mistake.
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
    let open = error.is_some();
    view! {
        <details class="row-window" open=open>
            <summary>"Compare two versions"</summary>
            <form method="get" action=address.whole() aria-label="Two versions side by side">
                {address.hidden_fields()}
                {select(0, "compare", "Compare")}
                {select(1, "with", "with")}
                {error}
                <div class="buttons"><button>"Compare"</button></div>
            </form>
        </details>
    }
    .into_html()
}

fn choice(entry: &TimelineEntry) -> (DateTime<Utc>, String) {
    let at = entry.change.captured_at;
    let operation = operation_word(entry.change.operation);
    let actor = entry.transaction.actor.as_ref().map(|actor| format!(" by {}", actor_name(actor)));
    let actor = actor.unwrap_or_default();
    (at, format!("{}: {operation}{actor}", local(at, "%-d %b %Y, %H:%M:%S")))
}

/// Renders the differences, field by field. Equal fields are folded.
pub(super) fn compare_panel(
    compared: ComparedVersions,
    name: &RecordName,
    (table, key): (&TableName, &RowKey),
    address: &Address,
) -> Html {
    let ComparedVersions { at, comparison } = compared;
    let Differences { different: mut fields, same: equal, unknown } = Differences::of(table, &comparison);
    let Comparison { before, after, .. } = comparison;
    let has_both = before.row().is_some() && after.row().is_some();
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
        view! { <FieldTable sides=Sides::Named(left, right) fields=fields label=label whole=whole has_both=has_both/> }
    });
    let same = (!is_different).then(|| {
        let [left, right] = &sides;
        let words = match (left.row(), right.row()) {
            (None, None) => "No record with this key is known at either of the two times.",
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
            {folded(counted(equal.len(), "unchanged field"), equal, unknown, None)}
        </section>
    }
    .into_html()
}

fn state_in_words(row: &AsOf) -> String {
    match row {
        AsOf::Present(entry) => after(entry),
        AsOf::Uncertain { entry, .. } => format!("{}; it may have been removed", after(entry)),
        AsOf::Deleted(entry) if entry.change.operation == Operation::Truncate => {
            "removed when the whole table was emptied".to_owned()
        }
        AsOf::Deleted(_) => "the record had been deleted".to_owned(),
        AsOf::Moved(_) => "no record had this key any more".to_owned(),
        AsOf::BeforeHorizon => "not known: its changes were recorded later".to_owned(),
    }
}

fn after(entry: &TimelineEntry) -> String {
    let operation = operation_word(entry.change.operation);
    match &entry.transaction.actor {
        Some(actor) => format!("{operation} by {}", actor_name(actor)),
        None => format!("{operation}, not signed by the application"),
    }
}

fn actor_name(actor: &ActorRef) -> String {
    PageContext::current().names().actor(actor).text
}

/// Renders what has to be explained about a side, with links.
fn remark(row: AsOf, key: &RowKey) -> Option<Html> {
    match row {
        AsOf::Uncertain { causes, .. } => {
            Some(view! { "the record may have been removed: "{removals(causes, key)}"." }.into_html())
        }
        AsOf::Moved(entry) => {
            let new_key = new_key(&entry);
            Some(
                view! { "no record had this key any more, because it became "{new_key}" on "{by(entry)}"." }
                    .into_html(),
            )
        }
        AsOf::Deleted(entry) if entry.change.operation == Operation::Truncate => Some(
            view! { "the record was removed when the whole table was emptied, on "{by(entry)}"." }
                .into_html(),
        ),
        AsOf::Present(_) | AsOf::Deleted(_) | AsOf::BeforeHorizon => None,
    }
}

/// Swaps the sides of a field.
fn swapped(FieldChange { name, before, after, .. }: FieldChange) -> FieldChange {
    let before_source =
        if after == FieldValue::Absent { OldValueSource::Absent } else { OldValueSource::Stored };
    FieldChange::new(name, (after, before_source), before)
}
