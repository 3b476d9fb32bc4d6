//! The filter as a GET form, so that a filtered timeline has an address.

use leptos::prelude::*;
use threadline::TableName;
use url::form_urlencoded;

use super::InvalidFilter;
use super::filter_fields::{Column, FIELDS, TABLES_LIST};
use crate::PageContext;
use crate::components::table_options;

/// Returns the address of the lists of values that occur, with the conditions as they were typed.
fn values_href(context: &PageContext, typed: &[(String, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let is_condition = |key: &str| !matches!(key, "older" | "newer");
    query.extend_pairs(typed.iter().filter(|(key, value)| is_condition(key) && !value.trim().is_empty()));
    // An address without a query means the last 24 hours.
    let query = Some(query.finish()).filter(|query| !query.is_empty()).unwrap_or_else(|| "from=".to_owned());
    context.href(&format!("/timeline/values?{query}"))
}

/// Renders the form as it was typed, with what is wrong in it. It is folded unless something is.
pub(super) fn filter_form(
    context: &PageContext,
    typed: &[(String, String)],
    tables: &[TableName],
    invalid: Option<&InvalidFilter>,
) -> impl IntoView + use<> {
    let action = context.href("/timeline");
    let value = |key: &str| typed.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value.trim());
    let fields = |column| -> Vec<_> {
        let fields = FIELDS.iter().filter(|field| field.column == column);
        fields.map(|field| field.view(value(field.key), invalid)).collect()
    };
    let is_needed = FIELDS.iter().any(|field| {
        field.column == Column::More && (field.is_wrong(invalid) || !value(field.key).is_empty())
    });
    let (window, main, more) = (fields(Column::Window), fields(Column::Main), fields(Column::More));
    let is_wrong = invalid.is_some();
    let lists = values_href(context, typed);
    view! {
        <details class="filter" open=is_wrong>
            <summary>"Filter"</summary>
            <form method="get" action=action class="filter" role="search" aria-label="Changes">
                <div class="window">{window}</div>
                {main}
                <datalist id=TABLES_LIST>{table_options(tables)}</datalist>
                <div class="last">
                    <details class="more-filters" open=is_needed>
                        <summary>"More filters"</summary>
                        <div>{more}</div>
                    </details>
                    <div class="buttons">
                        <a class="button" href=lists>"Choose from lists"</a>
                        <a class="button" href=action.clone()>"Reset"</a> <button class="primary">"Apply"</button>
                    </div>
                </div>
            </form>
        </details>
    }
}
