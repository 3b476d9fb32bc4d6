//! The filter of the timeline.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::TableName;
use threadline::query::Filter;

/// A GET form, so that a filtered timeline has an address. On a narrow screen it folds behind its summary.
#[component]
pub(crate) fn FilterForm(action: String, filter: Filter, tables: Vec<TableName>) -> impl IntoView {
    let table = filter.table.as_ref().map(ToString::to_string);
    let from = filter.from.map(local).unwrap_or_default();
    let to = filter.to.map(local).unwrap_or_default();
    let open = !filter.is_empty();
    let unknown = filter.table.filter(|table| !tables.contains(table));
    let options: Vec<_> = tables
        .iter()
        .chain(&unknown)
        .map(|name| {
            let name = name.to_string();
            let selected = table.as_ref() == Some(&name);
            view! { <option selected=selected>{name}</option> }
        })
        .collect();
    let reset = open.then(|| view! { <a class="button" href=action.clone()>"Clear"</a> });
    view! {
        <details class="filter" open=open>
            <summary>"Filter"</summary>
            <form method="get" action=action class="filter">
                <label>"Table" <select name="table"><option value="">"All tables"</option>{options}</select></label>
                <label>"From (UTC)" <input type="datetime-local" name="from" step="1" value=from/></label>
                <label>"To (UTC)" <input type="datetime-local" name="to" step="1" value=to/></label>
                <div class="buttons"><button class="primary">"Apply"</button>{reset}</div>
            </form>
        </details>
    }
}

fn local(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S").to_string()
}
