//! One transaction: who, when, why, and every change it made.

use leptos::prelude::*;
use threadline::query::{ActionRecord, TransactionDetail};

use crate::components::{ChangeCard, Identifier, Moment, Pager, TransactionHeading};
use crate::{Frame, render};

/// What the page of a transaction shows.
#[derive(Debug, Clone)]
pub struct TransactionPage {
    /// The transaction and a page of its changes.
    pub detail: TransactionDetail,
}

/// Draws a transaction.
#[must_use]
pub fn transaction_page(frame: Frame, page: TransactionPage) -> String {
    let timeline = frame.href("/timeline");
    let TransactionDetail { transaction, changes } = page.detail;
    let address = frame.href(&format!("/transactions/{}", transaction.id));
    render(frame, "Transaction".to_owned(), || {
        let at = transaction.occurred_at;
        let id = transaction.id.to_string();
        let action = transaction.action.clone();
        let count = changes.entries.len();
        let pager = (changes.newer.is_some() || changes.older.is_some()).then(|| {
            let summary = format!("{count} changes on this page");
            view! { <Pager list=address newer=changes.newer older=changes.older summary=summary/> }
        });
        let cards: Vec<_> =
            changes.entries.into_iter().map(|change| view! { <ChangeCard change=change/> }).collect();
        view! {
            <nav class="crumbs" aria-label="Breadcrumbs"><a href=timeline>"Timeline"</a> " / Transaction"</nav>
            <h1><TransactionHeading transaction=transaction/></h1>
            <p class="lede">{at.format("%-d %B %Y, ").to_string()} <Moment at=at/> " UTC"</p>
            <p class="ids"><Identifier label="transaction" value=id whole=true/></p>
            {action.map(|action| view! { <Why action=action/> })}
            <h2 class="section">"Changes"</h2>
            {cards}
            {pager}
        }
    })
}

/// What the application said about the action.
#[component]
fn Why(action: ActionRecord) -> impl IntoView {
    let texts = [action.reason, action.comment].into_iter().flatten();
    let texts: Vec<_> = texts.map(|text| view! { <p class="reason">{text}</p> }).collect();
    let request = action.request_id.map(|id| view! { <Identifier label="request" value=id whole=true/> });
    let correlation =
        action.correlation_id.map(|id| view! { <Identifier label="correlation" value=id whole=true/> });
    let job = action.job_id.map(|id| view! { <Identifier label="job" value=id whole=true/> });
    view! { {texts} <p class="ids">{request} {job} {correlation}</p> }
}
