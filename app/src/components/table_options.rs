//! Tables as suggestions of a form field.

use leptos::prelude::*;
use threadline::TableName;

use crate::diff::accessible_line;

/// Renders the options of a `datalist`. The value of each is exact; one with special characters has a label that shows them.
pub(crate) fn table_options(tables: &[TableName]) -> Vec<impl IntoView + use<>> {
    let option = |table: &TableName| {
        let value = table.to_string();
        let label = Some(accessible_line(&value)).filter(|label| *label != value);
        view! { <option value=value label=label></option> }
    };
    tables.iter().map(option).collect()
}
