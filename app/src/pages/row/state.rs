//! The present state of a record.

use chrono::Utc;
use leptos::prelude::*;
use threadline::query::{AsOf, Operation, PossibleRemoval, RowKey, TimelineEntry};

use crate::PageContext;
use crate::components::{Timestamp, ago, isolated, key_link, open_in_host, signed};
use crate::html::{Html, IntoHtml};

/// Renders whether the record exists, since when, and who changed it. A record that exists has a link to its page in the host.
pub(super) fn state(latest: AsOf, key: &RowKey, timeline: String) -> Html {
    let context = PageContext::current();
    let in_host = match &latest {
        AsOf::Present(entry) => context.names().row_link(&entry.change.table, key),
        _ => None,
    };
    let in_host = in_host.map(|href| view! { " · "{open_in_host(&context, href)} });
    let transaction = latest.entry().map(|entry| transaction(entry.transaction.id));
    let transaction = transaction.map(|href| view! { " "<a href=href>"See the transaction"</a> });
    let exists = match context.visible.has_incomplete_records() {
        true => "Exists, as far as you may see. Last changed on ",
        false => "Exists. Last changed on ",
    };
    let (sign, words) = match latest {
        AsOf::Present(entry) => ("exists", view! { {exists}{signed_at(entry)}"." }.into_html()),
        AsOf::Uncertain { entry, causes } => {
            let removals = removals(causes, key);
            let words =
                view! { "May have been removed: "{removals}". Last changed on "{signed_at(entry)}"." };
            ("uncertain", words.into_html())
        }
        AsOf::Deleted(entry) if entry.change.operation == Operation::Truncate => {
            let words = view! { "Removed when the whole table was emptied, on "{signed_at(entry)}"." };
            ("gone", words.into_html())
        }
        AsOf::Deleted(entry) => ("gone", view! { "Deleted on "{signed_at(entry)}"." }.into_html()),
        AsOf::Moved(entry) => {
            let new_key = new_key(&entry);
            let words =
                view! { "No record has this key any more: it became "{new_key}" on "{signed_at(entry)}"." };
            ("gone", words.into_html())
        }
        AsOf::BeforeHorizon => return ().into_html(),
    };
    view! {
        <p class=format!("row-state {sign}")>
            {words}{transaction}" · "<a href=timeline>"See in the timeline"</a>{in_host}
        </p>
    }
    .into_html()
}

/// Renders the time and the age of a change, its actor and its action.
fn signed_at(entry: TimelineEntry) -> Html {
    let at = entry.change.captured_at;
    let age = format!(" ({})", ago(Utc::now() - at));
    view! { <Timestamp at=at/>{age}{signed(entry.transaction)} }.into_html()
}

/// Renders the time, the actor and the action of a change, with a link to its transaction.
pub(super) fn by(entry: TimelineEntry) -> Html {
    let transaction = transaction(entry.transaction.id);
    view! {
        <Timestamp at=entry.change.captured_at/>{signed(entry.transaction)}
        " ("<a href=transaction>"transaction"</a>")"
    }
    .into_html()
}

/// Links to the history of the record under the key that a change gave to it.
pub(super) fn new_key(entry: &TimelineEntry) -> Html {
    key_link(&entry.change.table, entry.change.key.clone())
}

/// Renders what may have removed the record, with links.
pub(super) fn removals(causes: Vec<PossibleRemoval>, key: &RowKey) -> Html {
    let causes: Vec<_> = causes
        .into_iter()
        .enumerate()
        .map(|(index, cause)| {
            let link = match &cause {
                PossibleRemoval::PartitionTruncated { transaction_id, .. } => {
                    Some((transaction(*transaction_id), "transaction"))
                }
                PossibleRemoval::TableRenamed { to, .. } => {
                    Some((PageContext::current().row_of(to, key), "its history there"))
                }
                _ => None,
            };
            let link = link.map(|(href, words)| view! { " ("<a href=href>{words}</a>")" });
            let separator = (index > 0).then_some("; ");
            view! { {separator}{isolated(cause.to_string())}{link} }
        })
        .collect();
    view! { {causes} }.into_html()
}

fn transaction(id: impl std::fmt::Display) -> String {
    PageContext::current().href(&format!("/transactions/{id}"))
}
