//! The view of a record's history.

use leptos::prelude::*;
use threadline::query::{AsOf, Filter};

use super::address::Address;
use super::as_of::{as_of_form, as_of_panel};
use super::compare::{compare_form, compare_panel};
use super::field_links::{field_links, no_version};
use super::state::state;
use super::versions::{Now, VersionOptions, no_versions, version_list, window_form};
use super::{AsOfResult, RowHistory};
use crate::PageContext;
use crate::components::isolated;
use crate::html::IntoHtml;
use crate::names::RecordName;

/// Renders the history of a record.
pub(super) fn view(page: RowHistory, context: &PageContext) -> impl IntoView + use<> {
    let name = name(&page, context);
    let RowHistory {
        table,
        key,
        filter,
        position,
        versions,
        field_counts,
        explained,
        gaps,
        latest,
        near,
        table_begins,
        as_of,
        comparison,
    } = page;
    let address = Address::new(context, (&table, &key), &filter, position);
    let of_table = context.timeline_href(&Filter { table: Some((&table).into()), ..Filter::default() });
    let of_row = context.timeline_href(&Filter {
        table: Some((&table).into()),
        key: Some(key.clone()),
        ..Filter::default()
    });
    let find = context.href("/rows");
    let known = !matches!(latest, AsOf::BeforeHorizon);
    let as_of_form = known.then(|| as_of_form(&address, as_of.as_ref()));
    let compare_form =
        known.then(|| compare_form(&address, &versions.entries, latest.entry(), comparison.as_ref()));
    let shown = as_of.as_ref().and_then(AsOfResult::shown);
    let as_of = as_of.and_then(|shown| shown.result.ok());
    let as_of = as_of.map(|then| as_of_panel(then, &latest, &name, &key, &address));
    let comparison = comparison.and_then(|shown| shown.result.ok());
    let comparison = comparison.map(|compared| compare_panel(compared, &name, (&table, &key), &address));
    let now = Now::of(&latest);
    let list = if known {
        let empty = versions.entries.is_empty().then(|| no_version(&filter, explained, &address));
        let options = VersionOptions { now, shown, key: &key, is_of_field: filter.field.is_some() };
        view! {
            <h2 class="visually-hidden">"Versions"</h2>
            <div class="row-tools">
                {field_links(field_counts, &table, &filter, &address)}
                {window_form(&address, &filter)}
                {compare_form}
            </div>
            {empty}
            {version_list(versions, gaps, &options, &address)}
        }
        .into_html()
    } else {
        no_versions(context, (&table, &key), (near, table_begins), find, of_table.clone())
    };
    let crumb = isolated(table.to_string());
    view! {
        <nav class="crumbs" aria-label="Breadcrumbs"><a href=of_table>{crumb}</a> " / Record history"</nav>
        <h1>{name.heading_with_label()}</h1>
        {state(latest, &key, of_row)}
        {as_of_form}
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
