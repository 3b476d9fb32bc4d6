//! One row over time.

use leptos::prelude::*;

use crate::{Frame, render};

/// What the page of a row shows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RowPage {}

/// Draws a row's history.
#[must_use]
pub fn row_page(frame: Frame, _row: RowPage) -> String {
    render(frame, "Row history".to_owned(), || view! { <h1>"Row history"</h1> })
}
