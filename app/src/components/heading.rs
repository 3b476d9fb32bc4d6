//! Who did it and why.

use leptos::prelude::*;
use threadline::ActorRef;
use threadline::query::{ActionRecord, TransactionRecord};

use crate::Frame;
use crate::html::IntoHtml;

/// The actor and the action of a transaction, or the words for their absence; an action that failed says so. An actor leads
/// to what else they did.
#[component]
pub(crate) fn TransactionHeading(transaction: TransactionRecord) -> impl IntoView {
    let who = who(transaction.actor.as_ref(), transaction.on_behalf_of.as_ref());
    let action = match transaction.action {
        Some(action) => {
            let failed = failed(&action);
            view! { <span class="action">{action.name}</span>{failed} }.into_html()
        }
        None => view! { <span class="kind">"no action recorded"</span> }.into_html(),
    };
    view! { {who} " · " {action} }
}

/// The actor, and whom it stood in for.
pub(super) fn who(actor: Option<&ActorRef>, subject: Option<&ActorRef>) -> impl IntoView + use<> {
    let actor = match actor {
        Some(actor) => actor_link(actor).into_html(),
        None => view! { <span class="kind">"no actor recorded"</span> }.into_html(),
    };
    let subject = subject.map(|subject| {
        view! { " "<span class="kind">"on behalf of"</span>" " {actor_link(subject)} }
    });
    view! { {actor} {subject} }
}

fn actor_link(actor: &ActorRef) -> impl IntoView + use<> {
    let href = with_context(|frame: &Frame| frame.actor_href(actor));
    view! { <a class="who" href=href>{actor.to_string()}</a> }
}

/// The word behind an action that did not end well.
pub(super) fn failed(action: &ActionRecord) -> Option<impl IntoView + use<>> {
    (action.status == "error").then(|| view! { " "<span class="failed">"failed"</span> })
}
