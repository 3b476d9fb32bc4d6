//! The actor and the action of a transaction.

use leptos::prelude::*;
use threadline::query::{ActionRecord, TransactionRecord};
use threadline::{ActionStatus, ActorKind, ActorRef};

use super::value::{isolated, one_line};
use crate::PageContext;
use crate::diff::accessible_line;
use crate::html::{Html, IntoHtml};
use crate::names::ActorName;

/// The actor and the action of a transaction, or that there is none. An action that failed is marked. The actor links to
/// their page.
#[component]
pub(crate) fn TransactionHeading(transaction: TransactionRecord) -> impl IntoView {
    let who = who(&transaction);
    view! { {who} " · " {action(transaction.action)} }
}

/// Renders who signed a change and by which action, behind a time: ` by Support desk · changed ticket priority`, or
/// `, not signed by the application · no action named`.
pub(crate) fn signed(transaction: TransactionRecord) -> Html {
    let before = if transaction.actor.is_some() { " by " } else { ", " };
    let who = who(&transaction);
    view! { {before}{who}" · "{action(transaction.action)} }.into_html()
}

/// Renders the words for an action, with the exact name as their title.
fn action(action: Option<ActionRecord>) -> Html {
    let Some(action) = action else {
        return view! { <span class="kind">"no action named"</span> }.into_html();
    };
    let failed = failed(&action);
    let (words, title) = action_words(&action);
    view! { <bdi class="action" title=title>{one_line(words)}</bdi>{failed} }.into_html()
}

/// Returns the words for an action, and the exact name if that is different.
pub(super) fn action_words(action: &ActionRecord) -> (String, Option<String>) {
    let words = with_context(|context: &PageContext| context.names().action(&action.name));
    let words = words.unwrap_or_else(|| action.name.clone());
    let title = (words != action.name).then(|| accessible_line(&action.name));
    (words, title)
}

/// Renders the actor, and whom they acted on behalf of; without an actor, the session that wrote.
pub(super) fn who(transaction: &TransactionRecord) -> impl IntoView + use<> {
    let actor = match &transaction.actor {
        Some(actor) => actor_link(actor).into_html(),
        None => {
            let session = transaction.session();
            let session = session.map(|session| view! { ": "{isolated(session.to_string())} });
            view! { <span class="kind">"not signed by the application"{session}</span> }.into_html()
        }
    };
    let subject = transaction.on_behalf_of.as_ref().map(|subject| {
        view! { " "<span class="kind">"on behalf of"</span>" " {actor_link(subject)} }
    });
    view! { {actor} {subject} }
}

/// Renders the name of an actor with a link to their page.
pub(crate) fn actor_link(actor: &ActorRef) -> impl IntoView + use<> {
    let (href, name) = with_context(|context: &PageContext| {
        (context.actor_href(actor.kind(), actor.id()), context.names().actor(actor))
    })
    .unwrap_or_else(|| (String::new(), ActorName::unlabelled(actor.to_string())));
    let title = name.title.as_deref().map(accessible_line);
    view! { <a class="who" href=href title=title>{isolated(name.text)}</a> }
}

/// Returns the class and the character that mark the kind of an actor: the initial of a person in a circle, that of a program in a
/// square, and a question mark if no actor was recorded.
pub(super) fn actor_mark(actor: Option<&ActorRef>, name: &str) -> (&'static str, char) {
    let Some(actor) = actor else { return ("who none", '?') };
    let class = match actor.kind() {
        ActorKind::User | ActorKind::Admin => "who",
        ActorKind::Anonymous => "who none",
        _ => "who program",
    };
    let initial = name.chars().find(|character| character.is_alphanumeric()).unwrap_or('?');
    (class, initial.to_uppercase().next().unwrap_or(initial))
}

/// Renders the mark of an action that failed.
pub(super) fn failed(action: &ActionRecord) -> Option<impl IntoView + use<>> {
    (action.status == ActionStatus::Error).then(|| view! { " "<span class="failed">"failed"</span> })
}
