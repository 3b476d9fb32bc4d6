//! The opened line: who, why, the ids to go on with, and the fields with old and new values.

use chrono::Utc;
use leptos::prelude::*;
use threadline::query::{Change, Operation, RowKey, TransactionRecord};

use crate::PageContext;
use crate::components::fields::FieldRows;
use crate::components::heading::TransactionHeading;
use crate::components::ids::Identifier;
use crate::components::key::other_key;
use crate::components::shortened::{WholeValue, left_out};
use crate::components::time::{ago, clock_note, exact_time};
use crate::components::value::text;
use crate::diff::accessible_line;
use crate::html::{Html, IntoHtml};

/// Renders a change in full.
pub(super) fn card(
    context: &PageContext,
    change: Change,
    transaction: Option<TransactionRecord>,
    page_key: Option<RowKey>,
    rows: FieldRows,
    links: Option<Html>,
) -> Html {
    let id = format!("change-{}", change.id);
    let link = view! { <a href=format!("#{id}")>"Link"</a> }.into_html();
    let history = match page_key {
        Some(_) => None,
        None => context.row_href(&change),
    };
    let head = head(context, &change, transaction, history, link);
    let other_key = other_key(&change, page_key.as_ref());
    let clock = change.clock_at.map(|clock_at| clock_note(change.captured_at, clock_at).into_html());
    let body = body(&change, rows);
    view! {
        <section id=id class="change">
            {head}
            {other_key}
            {body}
            {clock}
            {links}
        </section>
    }
    .into_html()
}

fn head(
    context: &PageContext,
    change: &Change,
    transaction: Option<TransactionRecord>,
    history: Option<String>,
    link: Html,
) -> Html {
    let history = history.map(|href| view! { <a href=href>"Record history"</a> });
    let links = view! { {history}{link} }.into_html();
    let Some(transaction) = transaction else { return view! { <p class="ids">{links}</p> }.into_html() };
    let when = format!(" · {}, {}", exact_time(change.captured_at), ago(Utc::now() - change.captured_at));
    about(context, transaction, Some(when), Some(links))
}

/// Renders who, why, and the ids to go on with. `when` follows the action, and `links` the ids.
pub(super) fn about(
    context: &PageContext,
    transaction: TransactionRecord,
    when: Option<String>,
    links: Option<Html>,
) -> Html {
    let action = transaction.action.as_ref();
    let reason = action.and_then(|action| action.reason.clone());
    let reason = reason.map(|reason| view! { <p class="reason">{text(reason, true)}</p> });
    let correlation = action.and_then(|action| action.correlation_id.clone()).map(|value| {
        let href = context.correlation_href(value.clone());
        view! { <Identifier label="request" value=value href=href/> }.into_html()
    });
    let id = transaction.id.to_string();
    let href = context.href(&format!("/transactions/{id}"));
    let heading = view! { <TransactionHeading transaction=transaction/> }.into_html();
    view! {
        <p class="about">{heading}{when}</p>
        {reason}
        <p class="ids"><Identifier label="transaction" of_line=true value=id href=Some(href)/> {correlation} {links}</p>
    }
    .into_html()
}

fn body(change: &Change, rows: FieldRows) -> Html {
    if let Some(bytes) = change.values_left_out {
        return left_out(change, bytes);
    }
    let emptied = if change.partition.is_some() { "partition" } else { "whole table" };
    match (change.operation, rows.len()) {
        (Operation::Truncate, _) => {
            note(format!("The {emptied} was emptied by TRUNCATE. Its records were not recorded one by one."))
        }
        (Operation::Update, 0) => note("No recorded field changed.".to_owned()),
        (_, 0) => note("The values of this record were not recorded.".to_owned()),
        (operation, _) => {
            let table = accessible_line(&change.table.to_string());
            let label = match operation {
                Operation::Update => format!("Changed fields of {table}"),
                Operation::Delete => format!("Old values of {table}"),
                _ => format!("New values of {table}"),
            };
            rows.view(label, WholeValue::of(change)).into_html()
        }
    }
}

fn note(words: String) -> Html {
    view! { <p class="note">{words}</p> }.into_html()
}
