//! The row as it was at a time.

use chrono::Utc;
use leptos::prelude::*;
use threadline::query::{AsOf, FieldChange, Operation, RowKey, TimelineEntry};

use super::address::Address;
use super::state::{by, new_key, removals};
use super::times::{just_before, stamp};
use super::{AsOfResult, RowAsOf};
use crate::components::{TIME_EXAMPLE, Timestamp, Value, WholeValue, isolated, key_link, one_line};
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
        <form method="get" action=address.whole() aria-label="The row at a moment">
            {address.hidden_fields()}
            <label>
                {format!("The row as it was at ({})", zone.label())}
                <input type="text" name="as_of" autocomplete="off" placeholder=TIME_EXAMPLE required value=value aria-invalid=invalid aria-describedby=described/>
            </label>
            {error}
            <div class="buttons"><button>"Show"</button></div>
        </form>
    }
    .into_html()
}

/// Renders the row at that time, column by column, or the reason why there is none.
pub(super) fn as_of_panel(then: RowAsOf, name: &RecordName, key: &RowKey, address: &Address) -> Html {
    let RowAsOf { at, row, first } = then;
    let heading = heading(&row, name);
    let fields = row.fields();
    let panel = match row {
        AsOf::Present(entry) => snapshot(entry, fields, key),
        AsOf::Uncertain { entry, causes } => {
            let removals = removals(causes, key);
            let image = snapshot(entry, fields, key);
            view! { <p class="warning">"The row may have been removed: "{removals}"."</p> {image} }
                .into_html()
        }
        AsOf::Deleted(entry) => {
            let words = match entry.change.operation {
                Operation::Truncate => "The row did not exist then. Removed by TRUNCATE of the table on ",
                _ => "The row did not exist then. It had been deleted on ",
            };
            let before = before(&entry, address);
            view! { <p>{words}{by(entry)}"."</p> <p>{before}</p> }.into_html()
        }
        AsOf::Moved(entry) => {
            let new_key = new_key(&entry);
            let (then, before) =
                (under_other_key(&entry, entry.change.row_key(), at), before(&entry, address));
            view! {
                <p>"No row had this key any more, because it became "{new_key}" on "{by(entry)}"."</p>
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
                <a href=address.with([])>"Close"</a>
            </header>
            {panel}
        </section>
    }
    .into_html()
}

/// Renders the label that the row had then, if it has another one on the page.
fn heading(row: &AsOf, name: &RecordName) -> Option<impl IntoView + use<>> {
    let (AsOf::Present(entry) | AsOf::Uncertain { entry, .. }) = row else { return None };
    let then = PageContext::current().names().changed_record(&entry.change).label;
    let then = then.filter(|label| name.label.as_ref() != Some(label))?;
    Some(view! { ": "{isolated(then.text)} })
}

fn snapshot(entry: TimelineEntry, mut fields: Vec<FieldChange>, key: &RowKey) -> Html {
    let how = match entry.change.operation {
        Operation::Insert => "Inserted on ",
        _ => "Last change by then: ",
    };
    fields.sort_by_key(|field| !key.contains(&field.name));
    let whole = WholeValue::after(&entry.change);
    let rows: Vec<_> = fields
        .into_iter()
        .map(|field| {
            let value = view! { <Value value=field.after field=field.name.clone() whole=whole/> };
            view! { <tr><th scope="row">{isolated(field.name)}</th><td>{value}</td></tr> }.into_html()
        })
        .collect();
    view! {
            <p>{how}{by(entry)}"."</p>
            <table class="diff row-image">
                <colgroup><col class="field"/><col/></colgroup>
    <thead class="visually-hidden"><tr><th scope="col">"Field"</th><th scope="col">"Value"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
    .into_html()
}

fn before(entry: &TimelineEntry, address: &Address) -> Html {
    let before = address.with([("as_of", stamp(just_before(entry.change.captured_at)))]);
    view! { <a class="button" href=before>"Show the row just before"</a> }.into_html()
}

/// Links to the same time of the row under its old or new key.
fn under_other_key(
    entry: &TimelineEntry,
    other_key: Option<&RowKey>,
    at: chrono::DateTime<Utc>,
) -> Option<Html> {
    let row = PageContext::current().row_of(&entry.change.table, other_key?);
    let href = format!("{row}?as_of={}", stamp(at));
    Some(view! { <a class="button" href=href>"Show the row under that key"</a> }.into_html())
}

/// Explains a time before the first recorded change, which tells whether the row existed before.
fn before_first(
    first: Option<TimelineEntry>,
    at: chrono::DateTime<Utc>,
    key: &RowKey,
    address: &Address,
) -> Html {
    let Some(entry) = first else {
        return view! { <p>"The trail knows nothing of this row at that time."</p> }.into_html();
    };
    if let Some(old_key) = entry.change.old_key.clone().filter(|_| !entry.change.takes_away(key)) {
        let old_link = key_link(&entry.change.table, old_key);
        let then = under_other_key(&entry, entry.change.old_row_key(), at);
        return view! {
            <p>"No row had this key yet, as far as the trail knows. The row was "{old_link}" until "{by(entry)}"."</p>
            <p class="buttons">{then}</p>
        }
        .into_html();
    }
    let words = match entry.change.operation {
        Operation::Insert => {
            "The row did not exist yet, as far as the trail knows. Its first version was inserted on "
        }
        _ => {
            "The trail begins later for this row: it may have existed, but nothing is recorded. Its first recorded change was made on "
        }
    };
    let href = address.with([("as_of", stamp(entry.change.captured_at))]);
    view! { <p>{words}{by(entry)}"."</p> <p><a class="button" href=href>"Show the first version"</a></p> }
        .into_html()
}
