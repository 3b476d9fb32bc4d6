//! Tables as suggestions of a form field.

use leptos::prelude::*;
use threadline::TableName;

use crate::PageContext;
use crate::diff::accessible_line;

/// A number of records for which a noun is in the plural.
const SEVERAL: usize = 2;

/// Renders the options of a `datalist`. The value of each is exact. The label of a table is what the host calls its records, with
/// special characters shown.
pub(crate) fn table_options(tables: &[TableName]) -> Vec<impl IntoView + use<>> {
    let context = PageContext::current();
    let option = |table: &TableName| {
        let value = table.to_string();
        let noun = context.names().noun(table, SEVERAL);
        let label = Some(accessible_line(&noun)).filter(|label| *label != value);
        view! { <option value=value label=label></option> }
    };
    tables.iter().map(option).collect()
}
