//! Who did it and why.

use leptos::prelude::*;
use threadline::query::TransactionRecord;

/// The actor and the action of a transaction, or the words for their absence.
#[component]
pub(crate) fn TransactionHeading(transaction: TransactionRecord) -> impl IntoView {
    let actor = match transaction.actor {
        Some(actor) => view! { <span class="who">{actor.to_string()}</span> }.into_any(),
        None => view! { <span class="kind">"no actor recorded"</span> }.into_any(),
    };
    let action = match transaction.action {
        Some(action) => view! { <span class="action">{action.name}</span> }.into_any(),
        None => view! { <span class="kind">"no action recorded"</span> }.into_any(),
    };
    view! { {actor} " · " {action} }
}
