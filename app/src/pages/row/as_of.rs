//! The record as it was at a time, beside the record now.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::query::{AsOf, Change, Comparison, Operation, RowKey, TimelineEntry};

use super::address::Address;
use super::differences::{Differences, folded, image};
use super::state::{by, new_key, removals};
use super::times::{just_before, stamp};
use super::{AsOfResult, RowAsOf};
use crate::components::{
    FieldTable, Sides, TIME_EXAMPLE, Timestamp, WholeValue, counted, isolated, key_link, left_out, one_line,
};
use crate::html::{Html, IntoHtml};
use crate::names::RecordName;
use crate::{PageContext, Zone};

/// Renders the form that asks for a time.
pub(super) fn as_of_form(address: &Address, shown: Option<&AsOfResult>) -> Html {
    let value = shown.and_then(|shown| shown.result.as_ref().ok());
    let zone = Zone::current();
    let value = value.map(|then| zone.written(then.at));
    let error = shown.and_then(|shown| shown.result.as_ref().err().cloned());
    let invalid = error.is_some().then_some("true");
    let described = error.is_some().then_some("as-of-mistake");
    let error =
        error.map(|sentence| view! { <p class="mistake" id="as-of-mistake">{one_line(sentence)}</p> });
    view! {
        <form class="as-of" method="get" action=address.whole() aria-label="The record at a moment">
            {address.hidden_fields()}
            <label for="as-of">{format!("Show it as it was at ({})", zone.label())}</label>
            <input id="as-of" type="text" name="as_of" autocomplete="off" placeholder=TIME_EXAMPLE required value=value aria-invalid=invalid aria-describedby=described/>
            <button>"Show"</button>
            {error}
        </form>
    }
    .into_html()
}

/// Renders the record at that time beside the record now, field by field, or the reason why there is none.
pub(super) fn as_of_panel(
    then: RowAsOf,
    now: &AsOf,
    name: &RecordName,
    key: &RowKey,
    address: &Address,
) -> Html {
    let RowAsOf { at, row, first, next, gaps } = then;
    let gaps = gaps.view(Utc::now());
    let heading = heading(&row, name);
    let steps = steps(&row, next, address);
    let panel = match row {
        AsOf::Present(entry) => then_and_now(AsOf::Present(entry), now),
        AsOf::Uncertain { entry, causes } => {
            let removals = removals(causes.clone(), key);
            let fields = then_and_now(AsOf::Uncertain { entry, causes }, now);
            view! { <p class="warning">"The record may have been removed by then: "{removals}"."</p> {fields} }
                .into_html()
        }
        AsOf::Deleted(entry) => {
            let words = match entry.change.operation {
                Operation::Truncate => {
                    "The record did not exist then. It was removed when the whole table was emptied, on "
                }
                _ => "The record did not exist then. It had been deleted on ",
            };
            let before = before(&entry, address);
            view! { <p>{words}{by(entry)}"."</p> <p>{before}</p> }.into_html()
        }
        AsOf::Moved(entry) => {
            let new_key = new_key(&entry);
            let (then, before) =
                (under_other_key(&entry, entry.change.row_key(), at), before(&entry, address));
            view! {
                <p>"No record had this key any more, because it became "{new_key}" on "{by(entry)}"."</p>
                <p class="buttons">{then}{before}</p>
            }
            .into_html()
        }
        AsOf::BeforeHorizon => before_first(first, at, key, address),
    };
    view! {
        <section class="panel" aria-labelledby="as-of-heading">
            <header>
                <h2 id="as-of-heading">"As it was on "<Timestamp at=at/>{heading}</h2>
                {steps}
                <a href=address.with([])>"Close"</a>
            </header>
            {gaps}
            {panel}
        </section>
    }
    .into_html()
}

/// Renders the label that the record had then, if it has another one on the page.
fn heading(row: &AsOf, name: &RecordName) -> Option<impl IntoView + use<>> {
    let (AsOf::Present(entry) | AsOf::Uncertain { entry, .. }) = row else { return None };
    let then = PageContext::current().names().changed_record(&entry.change).label;
    let then = then.filter(|label| name.label.as_ref() != Some(label))?;
    Some(view! { ": "{isolated(then.text)} })
}

/// Renders the links to the versions before and after the one that is shown.
fn steps(row: &AsOf, next: Option<DateTime<Utc>>, address: &Address) -> impl IntoView + use<> {
    let at = |at: DateTime<Utc>| address.with([("as_of", stamp(at))]);
    let before = match row {
        AsOf::Present(entry) | AsOf::Uncertain { entry, .. }
            if entry.change.operation != Operation::Insert =>
        {
            Some(at(just_before(entry.change.captured_at)))
        }
        _ => None,
    };
    let before = before.map(|href| view! { <a rel="prev" href=href>"← Version before"</a> });
    let after = next.map(|next| view! { <a rel="next" href=at(next)>"Version after →"</a> });
    view! { {before} {after} }
}

/// Renders the fields of a record that existed, beside those that it has now.
fn then_and_now(then: AsOf, now: &AsOf) -> Html {
    let Some(entry) = then.entry().cloned() else { return ().into_html() };
    let change = &entry.change;
    let how = match change.operation {
        Operation::Insert => "Created on ",
        _ => "Last change by then: ",
    };
    let how = view! { <p>{how}{by(entry.clone())}"."</p> };
    let body = match now {
        AsOf::Present(latest) | AsOf::Uncertain { entry: latest, .. } => {
            match [change, &latest.change].into_iter().find_map(values_left_out) {
                None => compared(then, now, WholeValue::after(&latest.change)),
                Some(note) if change.values_left_out.is_some() => note,
                Some(note) => view! { {alone(&then, change)} {note} }.into_html(),
            }
        }
        AsOf::Deleted(deletion) => {
            let words = match deletion.change.operation {
                Operation::Truncate => "Now: gone. The whole table was emptied on ",
                _ => "Now: gone. It was deleted on ",
            };
            view! { <p>{words}{by(deletion.clone())}"."</p> {alone(&then, change)} }.into_html()
        }
        AsOf::Moved(moved) => {
            let new_key = new_key(moved);
            view! {
                <p>"Now: no record has this key. It became "{new_key}" on "{by(moved.clone())}"."</p>
                {alone(&then, change)}
            }
            .into_html()
        }
        AsOf::BeforeHorizon => alone(&then, change),
    };
    view! { {how} {body} }.into_html()
}

/// Renders the fields that differ between then and now, and the others folded.
fn compared(then: AsOf, now: &AsOf, whole_now: WholeValue) -> Html {
    let Some(change) = then.entry().map(|entry| entry.change.clone()) else { return ().into_html() };
    let is_limited = PageContext::current().visible.has_incomplete_records();
    let heading_now = match now {
        AsOf::Uncertain { .. } => "Now, unless it was removed",
        _ if is_limited => "Now, as far as you may see",
        _ => "Now",
    };
    let comparison = Comparison::new(then, now.clone());
    let Differences { different, same, unknown } = Differences::of(&change.table, &comparison);
    let whole = WholeValue::after(&change);
    if different.is_empty() {
        let is_last = whole_now.change == whole.change;
        let words = match (is_last, unknown.is_empty()) {
            (true, _) if is_limited => "Nothing that you may see was changed since.",
            (true, _) => "Nothing was changed since.",
            (false, true) => "Every recorded field is the same now.",
            (false, false) => "No recorded field is known to differ now.",
        };
        return view! {
            <p>{words}</p>
            {image(same, "Value", Some(whole))}
            {folded(String::new(), Vec::new(), unknown, Some(whole))}
        }
        .into_html();
    }
    let sides = Sides::Named("Then".to_owned(), heading_now.to_owned());
    let label = "Fields that differ".to_owned();
    let words = match same.len() {
        1 => "1 field is the same".to_owned(),
        count => format!("{} are the same", counted(count, "field")),
    };
    view! {
        <FieldTable sides=sides fields=different label=label whole=[Some(whole), Some(whole_now)] has_both=true/>
        {folded(words, same, unknown, Some(whole))}
    }
    .into_html()
}

/// Renders the fields that a record had, in the order of the columns.
fn alone(then: &AsOf, change: &Change) -> Html {
    if let Some(note) = values_left_out(change) {
        return note;
    }
    let mut fields = then.fields();
    PageContext::current().columns.sort(&change.table, &mut fields);
    image(fields, "Value", Some(WholeValue::after(change)))
}

fn values_left_out(change: &Change) -> Option<Html> {
    change.values_left_out.map(|bytes| left_out(change, bytes))
}

fn before(entry: &TimelineEntry, address: &Address) -> Html {
    let before = address.with([("as_of", stamp(just_before(entry.change.captured_at)))]);
    view! { <a class="button" href=before>"Show it just before"</a> }.into_html()
}

/// Links to the same time of the record under its old or new key.
fn under_other_key(
    entry: &TimelineEntry,
    other_key: Option<&RowKey>,
    at: chrono::DateTime<Utc>,
) -> Option<Html> {
    let row = PageContext::current().row_of(&entry.change.table, other_key?);
    let href = format!("{row}?as_of={}", stamp(at));
    Some(view! { <a class="button" href=href>"Show it under that key"</a> }.into_html())
}

/// Explains a time before the first recorded change, which tells whether the record existed before.
fn before_first(
    first: Option<TimelineEntry>,
    at: chrono::DateTime<Utc>,
    key: &RowKey,
    address: &Address,
) -> Html {
    let Some(entry) = first else {
        return view! { <p>"Not known: no change of this record is recorded until then."</p> }.into_html();
    };
    if let Some(old_key) = entry.change.old_key.clone().filter(|_| !entry.change.takes_away(key)) {
        let old_link = key_link(&entry.change.table, old_key);
        let then = under_other_key(&entry, entry.change.old_row_key(), at);
        return view! {
            <p>"No record had this key yet, as far as is recorded. The record was "{old_link}" until "{by(entry)}"."</p>
            <p class="buttons">{then}</p>
        }
        .into_html();
    }
    let words = match entry.change.operation {
        Operation::Insert => "The record did not exist yet, as far as is recorded. It was created on ",
        _ => "Not known: this record’s first change was recorded on ",
    };
    let href = address.with([("as_of", stamp(entry.change.captured_at))]);
    view! { <p>{words}{by(entry)}"."</p> <p><a class="button" href=href>"Show the first version"</a></p> }
        .into_html()
}
