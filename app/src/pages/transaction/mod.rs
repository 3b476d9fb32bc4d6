//! One transaction: who, when, why, and every change it made.

mod changes;
mod facts;
mod related;

use leptos::prelude::*;
use threadline::query::{TableCounts, TransactionDetail};

use crate::components::{Timestamp, TransactionHeading};
use crate::{PageContext, render};
pub use related::RelatedTransactions;

/// What the page of a transaction shows.
#[derive(Debug, Clone)]
pub struct TransactionPage {
    /// The transaction and a page of its changes, with their old values.
    pub detail: TransactionDetail,
    /// The page begins at the newest change.
    pub is_first_page: bool,
    /// What all of its changes touched; none where that could not be counted in time.
    pub touched: Option<TableCounts>,
    /// The other transactions of its correlation; none where they could not be read in time.
    pub related: Option<RelatedTransactions>,
}

/// Draws a transaction.
#[must_use]
pub fn transaction_page(context: PageContext, page: TransactionPage) -> String {
    let timeline = context.href("/timeline");
    let address = context.href(&format!("/transactions/{}", page.detail.transaction.id));
    let TransactionPage {
        detail: TransactionDetail { transaction, changes, .. },
        is_first_page,
        touched,
        related,
    } = page;
    let action = transaction.action.as_ref().map_or("Transaction", |action| &action.name).to_owned();
    render(context, action, || {
        let at = transaction.occurred_at;
        let elsewhere = related::elsewhere(&transaction);
        let correlation = transaction.action.as_ref().and_then(|action| action.correlation_id.clone());
        let failed = transaction.action.as_ref().is_some_and(|action| action.status == "error").then(|| {
            view! { <p class="failed-action">"The application recorded that this action failed. What its transaction changed is below."</p> }
        });
        view! {
            <nav class="crumbs" aria-label="Breadcrumbs"><a href=timeline>"Timeline"</a> " / Transaction"</nav>
            <h1><TransactionHeading transaction=transaction.clone() whole_session=true/></h1>
            <p class="lede"><Timestamp at=at/></p>
            {failed}
            {facts::facts(transaction)}
            {elsewhere}
            {changes::changes(changes, is_first_page, touched, address)}
            {related::related(correlation, related)}
        }
    })
}
