//! The fields of a record at two times: those that differ, those that are the same, and those of which that is not known.

use std::collections::BTreeSet;

use leptos::prelude::*;
use threadline::TableName;
use threadline::query::{Comparison, FieldChange, FieldValue};

use crate::PageContext;
use crate::components::{Value, WholeValue, counted, isolated};
use crate::html::{Html, IntoHtml};

/// The fields of a record at two times, in the order of the columns.
#[derive(Debug)]
pub(super) struct Differences {
    /// The fields that differ. Shortened values are among them, because they may differ in the part that was not read.
    pub(super) different: Vec<FieldChange>,
    /// The fields that are the same.
    pub(super) same: Vec<FieldChange>,
    /// The fields that look the same, but whose values were masked or not kept whole.
    pub(super) unknown: Vec<FieldChange>,
}

impl Differences {
    pub(super) fn of(table: &TableName, comparison: &Comparison) -> Self {
        let context = PageContext::current();
        let names = context.names();
        let is_same_version = match [&comparison.before, &comparison.after].map(|side| side.entry()) {
            [Some(before), Some(after)] => before.change.id == after.change.id,
            _ => false,
        };
        let mut different = comparison.fields.clone();
        context.columns.sort(table, &mut different);
        let known: BTreeSet<&str> = different.iter().map(|field| field.name.as_str()).collect();
        let mut others = comparison.after.fields();
        others.retain(|field| !known.contains(field.name.as_str()));
        context.columns.sort(table, &mut others);
        let is_known = |field: &FieldChange| match &field.after {
            FieldValue::Text(text) => !names.is_placeholder(table, text),
            FieldValue::TooLarge(large) => large.sha256.is_some(),
            _ => true,
        };
        let (same, unknown) = others.into_iter().partition(|field| is_same_version || is_known(field));
        Self { different, same, unknown }
    }
}

/// Renders the fields that are the same, folded under these words for their number, and those of which that is not known.
pub(super) fn folded(
    words: String,
    same: Vec<FieldChange>,
    unknown: Vec<FieldChange>,
    whole: Option<WholeValue>,
) -> Html {
    let fold = |words: String, fields: Vec<FieldChange>| {
        (!fields.is_empty()).then(|| {
            view! { <details class="more"><summary>{words}</summary>{image(fields, "Value at both times", whole)}</details> }
        })
    };
    let masked = format!(
        "{} masked or not kept whole, so it is not known whether they changed",
        counted(unknown.len(), "field")
    );
    let masked = if unknown.len() == 1 { masked.replace("they", "it") } else { masked };
    view! { {fold(words, same)} {fold(masked, unknown)} }.into_html()
}

/// Renders a value of each field.
pub(super) fn image(fields: Vec<FieldChange>, heading: &'static str, whole: Option<WholeValue>) -> Html {
    let rows: Vec<_> = fields
        .into_iter()
        .map(|field| {
            let name = field.name.clone();
            let value = match whole {
                Some(whole) => view! { <Value value=field.after field=name whole=whole/> }.into_html(),
                None => view! { <Value value=field.after field=name/> }.into_html(),
            };
            view! { <tr><th scope="row">{isolated(field.name)}</th><td>{value}</td></tr> }.into_html()
        })
        .collect();
    view! {
        <table class="diff row-image">
            <colgroup><col class="field"/><col/></colgroup>
            <thead class="visually-hidden"><tr><th scope="col">"Field"</th><th scope="col">{heading}</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_html()
}
