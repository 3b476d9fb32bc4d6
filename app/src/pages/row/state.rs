//! The present state of a row.

use leptos::prelude::*;
use threadline::query::{AsOf, Operation, PossibleRemoval, RowKey, TimelineEntry};

use crate::PageContext;
use crate::components::{Timestamp, isolated, key_link, open_in_host, signed};
use crate::html::{Html, IntoHtml};

/// Renders whether the row exists, since when, and who changed it. A row that exists has a link to its page in the host.
pub(super) fn state(latest: AsOf, key: &RowKey, timeline: String) -> Html {
    let context = PageContext::current();
    let in_host = match &latest {
        AsOf::Present(entry) => context.names().row_link(&entry.change.table, key),
        _ => None,
    };
    let in_host = in_host.map(|href| view! { " · "{open_in_host(&context, href)} });
    let (sign, words) = match latest {
        AsOf::Present(entry) => {
            ("exists", view! { "Exists now. Last changed on "{by(entry)}"." }.into_html())
        }
        AsOf::Uncertain { entry, causes } => {
            let removals = removals(causes, key);
            let words = view! { "May have been removed: "{removals}". Last changed on "{by(entry)}"." };
            ("uncertain", words.into_html())
        }
        AsOf::Deleted(entry) if entry.change.operation == Operation::Truncate => {
            let words = view! { "Does not exist now. Removed by TRUNCATE of the table on "{by(entry)}"." };
            ("gone", words.into_html())
        }
        AsOf::Deleted(entry) => {
            ("gone", view! { "Does not exist now. Deleted on "{by(entry)}"." }.into_html())
        }
        AsOf::Moved(entry) => {
            let new_key = new_key(&entry);
            let words = view! { "No row has this key any more: it became "{new_key}" on "{by(entry)}"." };
            ("gone", words.into_html())
        }
        AsOf::BeforeHorizon => return ().into_html(),
    };
    view! {
        <p class=format!("row-state {sign}")>{words}" "<a href=timeline>"In the timeline"</a>{in_host}</p>
    }
    .into_html()
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

/// Links to the history of the row under the key that a change gave to it.
pub(super) fn new_key(entry: &TimelineEntry) -> Html {
    key_link(&entry.change.table, entry.change.key.clone())
}

/// Renders what may have removed the row, with links.
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
                    Some((PageContext::current().row_of(to, key), "row history there"))
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
