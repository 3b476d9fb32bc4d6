//! The view of a row's history.

use leptos::prelude::*;
use threadline::query::{AsOf, Filter};

use super::address::Address;
use super::as_of::{as_of_form, as_of_panel};
use super::compare::{compare_form, compare_panel};
use super::state::state;
use super::versions::{Now, no_versions, version_list, window_form};
use super::{AsOfResult, RowHistory};
use crate::PageContext;
use crate::components::isolated;
use crate::html::IntoHtml;
use crate::names::RecordName;

/// Renders the history of a row.
pub(super) fn view(page: RowHistory, context: &PageContext) -> impl IntoView + use<> {
    let name = name(&page, context);
    let RowHistory { table, key, filter, position, versions, latest, near, as_of, comparison } = page;
    let address = Address::new(context, (&table, &key), &filter, position);
    let of_table = context.timeline_href(&Filter { table: Some(table.clone()), ..Filter::default() });
    let of_row = context.timeline_href(&Filter {
        table: Some(table.clone()),
        key: Some(key.clone()),
        ..Filter::default()
    });
    let find = context.href("/rows");
    let known = !matches!(latest, AsOf::BeforeHorizon);
    let tools = known.then(|| {
        view! {
            <div class="row-tools">
                {as_of_form(&address, as_of.as_ref())}
                {compare_form(&address, &versions.entries, latest.entry(), comparison.as_ref())}
            </div>
        }
    });
    let shown = as_of.as_ref().and_then(AsOfResult::shown);
    let as_of = as_of.and_then(|shown| shown.result.ok());
    let as_of = as_of.map(|then| as_of_panel(then, &name, &key, &address));
    let comparison = comparison.and_then(|shown| shown.result.ok());
    let comparison = comparison.map(|compared| compare_panel(compared, &name, &key, &address));
    let now = Now::of(&latest);
    let list = if known {
        let empty = versions.entries.is_empty();
        view! {
            <h2 class="section">"Versions"</h2>
            {window_form(&address, &filter)}
            {empty.then(|| view! { <p class="note">"No version of this row was recorded here. "<a href=address.whole()>"Show every version"</a></p> })}
            {version_list(versions, now, shown, &key, &address)}
        }
        .into_html()
    } else {
        no_versions(context, (&table, &key), near, find, of_table.clone())
    };
    let crumb = isolated(table.to_string());
    view! {
        <nav class="crumbs" aria-label="Breadcrumbs"><a href=of_table>{crumb}</a> " / Row history"</nav>
        <h1>{name.heading_with_label()}</h1>
        {state(latest, &key, of_row)}
        {tools}
        {as_of}
        {comparison}
        {list}
    }
}

/// Returns the name of the row, with the label of its newest version that is known.
pub(super) fn name(page: &RowHistory, context: &PageContext) -> RecordName {
    let entries = page.latest.entry().into_iter().chain(&page.versions.entries);
    context.names().record_of((&page.table, &page.key), entries)
}
