//! Who did it and why.

use leptos::prelude::*;
use threadline::query::TransactionRecord;

/// The actor and the action of a transaction, or the words for their absence; an action that failed says so.
#[component]
pub(crate) fn TransactionHeading(transaction: TransactionRecord) -> impl IntoView {
    let actor = match transaction.actor {
        Some(actor) => view! { <span class="who">{actor.to_string()}</span> }.into_any(),
        None => view! { <span class="kind">"no actor recorded"</span> }.into_any(),
    };
    let subject = transaction.on_behalf_of.map(|subject| {
        view! { " "<span class="kind">"on behalf of"</span>" "<span class="who">{subject.to_string()}</span> }
    });
    let action = match transaction.action {
        Some(action) => {
            let failed =
                (action.status == "error").then(|| view! { " "<span class="kind">"(failed)"</span> });
            view! { <span class="action">{action.name}</span>{failed} }.into_any()
        }
        None => view! { <span class="kind">"no action recorded"</span> }.into_any(),
    };
    view! { {actor} {subject} " · " {action} }
}
