//! What needs attention, and the ways in.

use leptos::prelude::*;

use crate::{Frame, render};

/// What the home page shows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HomePage {}

/// Draws the home page.
#[must_use]
pub fn home_page(frame: Frame, _home: HomePage) -> String {
    render(frame, "Overview".to_owned(), || view! { <h1>"Overview"</h1> })
}
