//! What is known of a row now.

use leptos::prelude::*;
use threadline::query::{AsOf, Operation, TimelineEntry};

use crate::Frame;
use crate::components::{DateTime, TransactionHeading};
use crate::html::{Html, IntoHtml};

/// Whether the row exists, since when, and by whom.
pub(super) fn state(latest: AsOf, timeline: String) -> Html {
    let (sign, words, entry) = match latest {
        AsOf::Snapshot(entry) => ("exists", "Exists now. Last changed on ", entry),
        AsOf::Deleted(entry) if entry.change.operation == Operation::Truncate => {
            ("gone", "Does not exist now. The whole table was emptied on ", entry)
        }
        AsOf::Deleted(entry) => ("gone", "Does not exist now. Deleted on ", entry),
        AsOf::BeforeHorizon => return ().into_html(),
    };
    view! {
        <p class=format!("row-state {sign}")>
            {words}{by(entry)}". "<a href=timeline>"In the timeline"</a>
        </p>
    }
    .into_html()
}

/// When, by whom and why, with the way to the transaction.
pub(super) fn by(entry: TimelineEntry) -> Html {
    let transaction = Frame::current().href(&format!("/transactions/{}", entry.transaction.id));
    view! {
        <DateTime at=entry.change.captured_at/>" by "<TransactionHeading transaction=entry.transaction/>
        " ("<a href=transaction>"transaction"</a>")"
    }
    .into_html()
}
