//! The view of the form that finds a row.

use leptos::prelude::*;

use super::{FindRowPage, InvalidField, RowField};
use crate::PageContext;
use crate::components::{did_you_mean, sentence_parts, table_options};
use crate::html::{Html, IntoHtml};

/// Renders the form.
pub(super) fn view(page: FindRowPage, context: &PageContext) -> impl IntoView + use<> {
    let (timeline, action) = (context.href("/timeline"), context.href("/rows"));
    let FindRowPage { table, record, invalid, tables } = page;
    let message = |field: RowField| {
        let InvalidField { message, near, .. } =
            invalid.as_ref().filter(|invalid| invalid.field == field)?.clone();
        let near = did_you_mean(near);
        Some(view! { {sentence_parts(message)}" "{near} }.into_html())
    };
    view! {
        <nav class="crumbs" aria-label="Breadcrumbs"><a href=timeline>"Timeline"</a>" / Find a record"</nav>
        <h1>"Find a record"</h1>
        <p class="lede">"Every recorded version of one record, and the record as it was at any time."</p>
        <form class="find-row" method="get" action=action>
            <Field name="table" label="Table" value=table list=Some("row-tables")
                hint="Such as tickets or billing.invoices" error=message(RowField::Table)/>
            <datalist id="row-tables">{table_options(&tables)}</datalist>
            <Field name="record" label="Record" value=record
                hint="Its number or id, such as 5041"
                error=message(RowField::Record)/>
            <div class="buttons"><button class="primary">"Show the record"</button></div>
        </form>
    }
}

/// A field with its hint, or with what is wrong in place of the hint.
#[component]
fn Field(
    name: &'static str,
    label: &'static str,
    value: String,
    hint: &'static str,
    #[prop(optional_no_strip)] list: Option<&'static str>,
    error: Option<Html>,
) -> Html {
    let (id, note) = (format!("row-{name}"), format!("row-{name}-note"));
    let invalid = error.is_some().then_some("true");
    let class = if error.is_some() { "mistake" } else { "hint" };
    let words = error.unwrap_or_else(|| hint.into_html());
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
