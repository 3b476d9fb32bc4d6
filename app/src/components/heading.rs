//! The actor and the action of a transaction.

use leptos::prelude::*;
use threadline::query::{ActionRecord, TransactionRecord};
use threadline::{ActionStatus, ActorKind, ActorRef};

use super::value::isolated;
use crate::PageContext;
use crate::html::IntoHtml;

/// The actor and the action of a transaction, or that there is none. An action that failed is marked. The actor links to
/// their page.
#[component]
pub(crate) fn TransactionHeading(
    transaction: TransactionRecord,
    /// Describes the whole session of a transaction without an actor, instead of its role only.
    #[prop(optional)]
    whole_session: bool,
) -> impl IntoView {
    let who = who(&transaction, whole_session);
    let action = match transaction.action {
        Some(action) => {
            let failed = failed(&action);
            view! { <span class="action">{isolated(action.name)}</span>{failed} }.into_html()
        }
        None => view! { <span class="kind">"no action recorded"</span> }.into_html(),
    };
    view! { {who} " · " {action} }
}

/// Renders the actor, and whom they acted on behalf of; without an actor, the session that wrote.
pub(super) fn who(transaction: &TransactionRecord, whole_session: bool) -> impl IntoView + use<> {
    let actor = match &transaction.actor {
        Some(actor) => actor_link(actor).into_html(),
        None => {
            let session = transaction.session().map(|session| match whole_session {
                true => ("; session: ", session.to_string()),
                false => ("; role ", session.role),
            });
            let session = session.map(|(words, session)| view! { {words}{isolated(session)} });
            view! { <span class="kind">"no actor recorded"{session}</span> }.into_html()
        }
    };
    let subject = transaction.on_behalf_of.as_ref().map(|subject| {
        view! { " "<span class="kind">"on behalf of"</span>" " {actor_link(subject)} }
    });
    view! { {actor} {subject} }
}

fn actor_link(actor: &ActorRef) -> impl IntoView + use<> {
    let href = with_context(|context: &PageContext| context.actor_href(actor.kind(), actor.id()));
    view! { <a class="who" href=href>{isolated(actor.to_string())}</a> }
}

/// Returns the class and the character that mark the kind of an actor: the initial of a person in a circle, that of a program in a
/// square, and a question mark if no actor was recorded.
pub(super) fn actor_mark(actor: Option<&ActorRef>) -> (&'static str, char) {
    let Some(actor) = actor else { return ("who none", '?') };
    let class = match actor.kind() {
        ActorKind::User | ActorKind::Admin => "who",
        ActorKind::Anonymous => "who none",
        _ => "who program",
    };
    let name = actor.id().unwrap_or_else(|| actor.kind().as_str());
    let initial = name.chars().find(|character| character.is_alphanumeric()).unwrap_or('?');
    (class, initial.to_uppercase().next().unwrap_or(initial))
}

/// Renders the mark of an action that failed.
pub(super) fn failed(action: &ActionRecord) -> Option<impl IntoView + use<>> {
    (action.status == ActionStatus::Error).then(|| view! { " "<span class="failed">"failed"</span> })
}
