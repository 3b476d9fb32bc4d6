//! What one actor did.

use leptos::prelude::*;

use crate::{Frame, render};

/// What the page of an actor shows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ActorPage {}

/// Draws an actor's transactions.
#[must_use]
pub fn actor_page(frame: Frame, _actor: ActorPage) -> String {
    render(frame, "Actor".to_owned(), || view! { <h1>"Actor"</h1> })
}
