//! The view of a transaction's page.

use leptos::prelude::*;
use threadline::ActionStatus;
use threadline::query::TransactionDetail;

use super::TransactionPage;
use super::changes::changes;
use super::facts::facts;
use super::related::{links, related as related_list};
use crate::PageContext;
use crate::components::{Timestamp, TransactionHeading};

/// Renders a transaction.
pub(super) fn view(page: TransactionPage, context: &PageContext) -> impl IntoView + use<> {
    let timeline = context.href("/timeline");
    let address = context.href(&format!("/transactions/{}", page.detail.transaction.id));
    let TransactionPage {
        detail: TransactionDetail { transaction, changes: page_of_changes, .. },
        is_first_page,
        touched,
        related,
    } = page;
    let at = transaction.occurred_at;
    let links = links(&transaction);
    let correlation = transaction.action.as_ref().and_then(|action| action.correlation_id.clone());
    let failed = transaction.action.as_ref().is_some_and(|action| action.status == ActionStatus::Error).then(|| {
        view! { <p class="failed-action">"This action failed, as the application recorded. The changes of its transaction are below."</p> }
    });
    view! {
        <nav class="crumbs" aria-label="Breadcrumbs"><a href=timeline>"Timeline"</a> " / Transaction"</nav>
        <h1><TransactionHeading transaction=transaction.clone()/></h1>
        <p class="lede"><Timestamp at=at/></p>
        {failed}
        {facts(transaction)}
        {links}
        {changes(page_of_changes, is_first_page, touched, address)}
        {related_list(correlation, related)}
    }
}
