//! The filter as a GET form, so that a filtered timeline has an address.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::TableName;
use threadline::query::Filter;

use super::InvalidFilter;
use super::filter_fields::{CUSTOM_WINDOW, Column, FIELDS, TABLES_LIST};
use super::presets::{TimelineWindow, presets};
use crate::PageContext;
use crate::components::table_options;

/// Renders the form as it was typed, with what is wrong in it. On a narrow screen it folds behind its summary.
pub(super) fn filter_form(
    context: &PageContext,
    typed: &[(String, String)],
    tables: &[TableName],
    filter: Result<&Filter, &InvalidFilter>,
    now: DateTime<Utc>,
) -> impl IntoView + use<> {
    let action = context.href("/timeline");
    let invalid = filter.err();
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
    let current = match filter {
        Ok(filter) => TimelineWindow::of(filter, now),
        Err(invalid) if matches!(&*invalid.key, "from" | "to" | "window") => None,
        Err(_) => {
            let readable = typed.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            TimelineWindow::of(&Filter::from_readable_pairs(readable), now)
        }
    };
    let presets = presets(context, typed, current, CUSTOM_WINDOW);
    view! {
        <details class="filter" open=is_wrong>
            <summary>"Filter"</summary>
            <form method="get" action=action class="filter" role="search" aria-label="Changes">
                <div class="window">{presets} {window}</div>
                {main}
                <datalist id=TABLES_LIST>{table_options(tables)}</datalist>
                <div class="last">
                    <details class="more-filters" open=is_needed>
                        <summary>"More filters"</summary>
                        <div>{more}</div>
                    </details>
                    <div class="buttons">
                        <a class="button" href=action.clone()>"Reset"</a> <button class="primary">"Apply"</button>
                    </div>
                </div>
            </form>
        </details>
    }
}
