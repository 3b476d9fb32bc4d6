//! Values that a page shortens, and the links to the whole ones.

use leptos::prelude::*;
use threadline::query::{Change, Cursor, Side};

use super::plural::{counted, grouped, size};
use crate::PageContext;
use crate::diff::accessible_line;
use crate::html::{Html, IntoHtml};

/// The side of a change whose whole values a page links to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WholeValue {
    pub(crate) change: Cursor,
    pub(crate) side: Side,
}

impl WholeValue {
    /// Returns the values before and after a change.
    pub(crate) const fn of(change: &Change) -> [Option<Self>; 2] {
        let change = change.cursor();
        [Some(Self { change, side: Side::Before }), Some(Self { change, side: Side::After })]
    }

    /// Returns the value of the row as a change left it.
    pub(crate) const fn after(change: &Change) -> Self {
        Self { change: change.cursor(), side: Side::After }
    }
}

/// Renders how much of a value is shown, with a link to all of it.
pub(super) fn rest(shown: usize, bytes: u64, whole: Option<WholeValue>, field: &str) -> Html {
    let words = match (shown, usize::try_from(bytes).unwrap_or(usize::MAX)) {
        (0, bytes) => format!("a value of {}", counted(bytes, "byte")),
        (shown, bytes) => format!("… the first {} of {}", grouped(shown), counted(bytes, "byte")),
    };
    let link = whole.map(|whole| {
        let href = PageContext::current().value_href(whole.change, whole.side, field);
        let label = format!("Whole value of {}, {} the change", accessible_line(field), whole.side);
        view! { " "<a href=href aria-label=label>"Whole value"</a> }
    });
    view! { <span class="kind">{words}</span>{link} }.into_html()
}

/// Renders the message that a page has no room for the values of a change, with a link to a page that has.
pub(crate) fn left_out(change: &Change, bytes: u64) -> Html {
    let href = PageContext::current().change_href(change);
    view! {
        <p class="note">
            {format!("The values of this change take {} as stored. ", size(bytes))}
            <a href=href>"Open the change"</a>" to see them."
        </p>
    }
    .into_html()
}
