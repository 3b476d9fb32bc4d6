//! Links to the versions that changed one field.

use leptos::prelude::*;
use threadline::TableName;
use threadline::query::{Count, EmptyResult, FieldCounts, Filter, Selection};

use super::address::Address;
use crate::PageContext;
use crate::components::{NearValue, did_you_mean, grouped, isolated, sentence_parts};
use crate::html::{Html, IntoHtml};

/// Fields that are linked before the others are folded.
const MAX_SHOWN: usize = 12;

/// Renders a link for each field that versions changed, with their number, behind one for all versions. There is nothing to choose
/// while no field was changed.
pub(super) fn field_links(
    counts: Option<FieldCounts>,
    table: &TableName,
    filter: &Filter,
    address: &Address,
) -> Option<Html> {
    let chosen = filter.field.as_ref().map_or(&[][..], Selection::included);
    let (all, mut fields) = match counts {
        Some(FieldCounts { versions, fields, .. }) => (Some(versions), fields),
        None => (None, Vec::new()),
    };
    PageContext::current().columns.sort_by_name(table, &mut fields, |(field, _)| field);
    if fields.is_empty() && filter.field.is_none() {
        return None;
    }
    let all_count = all.map(|all| match all {
        Count::Exact(count) => grouped(count),
        Count::Truncated(count) => format!("{}+", grouped(count)),
    });
    let more = if matches!(all, Some(Count::Truncated(_))) { "+" } else { "" };
    let link = |name: Option<String>, count: Option<String>| {
        let is_chosen = name.as_ref().map_or(filter.field.is_none(), |name| chosen.contains(name));
        let field = name.clone().map(Selection::from);
        let href = address.with_filter(&Filter { field, ..filter.clone() });
        let words = match name {
            Some(field) => isolated(field).into_html(),
            None => "all".into_html(),
        };
        let count = count.map(|count| {
            let noun = if count == "1" { " version" } else { " versions" };
            view! { " "<b>{count}</b><span class="visually-hidden">{noun}</span> }
        });
        view! { <a href=href aria-current=is_chosen.then_some("true")>{words}{count}</a> }.into_html()
    };
    // The address may have a field that no version changed.
    let is_missing = |chosen: &&String| !fields.iter().any(|(field, _)| field == *chosen);
    let missing = chosen.iter().filter(is_missing);
    let missing: Vec<_> =
        missing.map(|field| link(Some(field.clone()), all.map(|_| "0".to_owned()))).collect();
    let mut links =
        fields.into_iter().map(|(field, count)| link(Some(field), Some(format!("{}{more}", grouped(count)))));
    let shown: Vec<_> = links.by_ref().take(MAX_SHOWN).collect();
    let rest: Vec<_> = links.collect();
    let rest = (!rest.is_empty()).then(|| {
        let words = format!("{} more", grouped(rest.len()));
        view! { <details class="more-fields"><summary>{words}</summary>{rest}</details> }
    });
    let note = match all {
        Some(Count::Truncated(count)) => {
            let words = format!("Counted in the newest {} versions.", grouped(count));
            Some(view! { <span class="note">{words}</span> })
        }
        _ => None,
    };
    Some(
        view! {
            <nav class="presets field-links" aria-label="Versions by field">
                {link(None, all_count)}{shown}{missing}{rest}{note}
            </nav>
        }
        .into_html(),
    )
}

/// Renders why no version is listed, and the field that was probably meant.
pub(super) fn no_version(filter: &Filter, explained: Option<EmptyResult>, address: &Address) -> Html {
    let words = match &filter.field {
        Some(field) => {
            view! { "No version of this record changed "<b>{isolated(field.to_string())}</b>" here. " }
                .into_html()
        }
        None => "No version of this record is recorded here. ".into_html(),
    };
    let unknown = explained.into_iter().flat_map(|explained| explained.unknown);
    let unknown: Vec<_> = unknown
        .filter(|unknown| unknown.key == "field")
        .map(|unknown| {
            let sentence = sentence_parts(unknown.describe(filter));
            let near = unknown.suggestions.into_iter().map(|near| {
                let field = Filter { field: near.filter.field.clone(), ..filter.clone() };
                NearValue::suggested(near, |_| address.with_filter(&field))
            });
            view! { <p class="note">{sentence}" "{did_you_mean(near.collect())}</p> }
        })
        .collect();
    view! {
        <p class="note">{words}<a href=address.whole()>"Show every version"</a></p>
        {unknown}
    }
    .into_html()
}
