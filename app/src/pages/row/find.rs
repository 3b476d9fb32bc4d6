//! The form that leads to a row.

use leptos::prelude::*;
use threadline::TableName;

use crate::html::{Html, IntoHtml};
use crate::{PageContext, render};

/// The fields of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowField {
    /// The table.
    Table,
    /// The record.
    Record,
}

/// What is wrong with a field of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowMistake {
    /// The field.
    pub field: RowField,
    /// A sentence that says what to write instead.
    pub sentence: String,
}

/// What the form shows.
#[derive(Debug, Clone)]
pub struct FindRowPage {
    /// The table as it was written.
    pub table: String,
    /// The record as it was written.
    pub record: String,
    /// Why the form leads nowhere.
    pub mistake: Option<RowMistake>,
    /// The tables that are offered.
    pub tables: Vec<TableName>,
}

/// Draws the form.
#[must_use]
pub fn find_row_page(context: PageContext, page: FindRowPage) -> String {
    let (timeline, action) = (context.href("/timeline"), context.href("/rows"));
    render(context, "Find a row".to_owned(), || {
        let FindRowPage { table, record, mistake, tables } = page;
        let sentence = |field: RowField| {
            mistake.as_ref().filter(|mistake| mistake.field == field).map(|mistake| mistake.sentence.clone())
        };
        let tables: Vec<_> =
            tables.into_iter().map(|table| view! { <option value=table.to_string()></option> }).collect();
        view! {
            <nav class="crumbs" aria-label="Breadcrumbs"><a href=timeline>"Timeline"</a>" / Find a row"</nav>
            <h1>"Find a row"</h1>
            <p class="lede">"Every recorded version of one row, and the row as it was at any time."</p>
            <form class="find-row" method="get" action=action>
                <Field name="table" label="Table" value=table list=Some("row-tables")
                    hint="Such as tickets or billing.invoices" mistake=sentence(RowField::Table)/>
                <datalist id="row-tables">{tables}</datalist>
                <Field name="record" label="Record" value=record
                    hint="The value of its key, such as 4711, or each column with its value: order=7&line=2"
                    mistake=sentence(RowField::Record)/>
                <div class="buttons"><button class="primary">"Show the row"</button></div>
            </form>
        }
    })
}

/// A field with its hint, and its mistake in place of that.
#[component]
fn Field(
    name: &'static str,
    label: &'static str,
    value: String,
    hint: &'static str,
    #[prop(optional_no_strip)] list: Option<&'static str>,
    mistake: Option<String>,
) -> Html {
    let (id, note) = (format!("row-{name}"), format!("row-{name}-note"));
    let invalid = mistake.is_some().then_some("true");
    let class = if mistake.is_some() { "mistake" } else { "hint" };
    let words = mistake.unwrap_or_else(|| hint.to_owned());
    view! {
        <div>
            <label for=id.clone()>{label}</label>
            <input id=id name=name value=value list=list autocomplete="off" spellcheck="false" required
                aria-invalid=invalid aria-describedby=note.clone()/>
            <p class=class id=note>{words}</p>
        </div>
    }
    .into_html()
}
