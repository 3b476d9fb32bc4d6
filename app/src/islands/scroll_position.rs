//! Restores the scroll position in a list that has grown: reload and Back return to it.

use leptos::ev;
use leptos::prelude::{window, window_event_listener};
use leptos::wasm_bindgen::JsValue;
use leptos::web_sys::{Element, ScrollLogicalPosition, ScrollRestoration};

use super::{dom, entries};

/// The attribute of the first entry of each loaded page: the address of that page.
const ADDRESS_ATTRIBUTE: &str = "data-address";

/// Scrolls to the entry that was at the top when the page was left, if there is one, and stores the position from now on.
pub(super) fn start() {
    if let Some(id) = window().history().ok().and_then(|history| history.state().ok()?.as_string())
        && let Some(entry) = entries_with_ids().into_iter().find(|entry| id_of(entry) == Some(id.clone()))
    {
        entries::show(&entry, ScrollLogicalPosition::Start);
    }
    window_event_listener(ev::scroll, |_| update_address());
    window_event_listener(ev::pagehide, |_| store());
}

/// Marks the first entry of a page.
pub(super) fn mark(first: &Element, address: &str) {
    let _ = first.set_attribute(ADDRESS_ATTRIBUTE, address);
}

/// Takes scroll restoration over from the browser, which cannot do it once the list is longer than what a reload returns.
pub(super) fn take_over() {
    if let Ok(history) = window().history() {
        let _ = history.set_scroll_restoration(ScrollRestoration::Manual);
    }
}

/// Returns the address of the page as it was loaded first.
pub(super) fn address() -> String {
    let location = window().location();
    format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default())
}

/// Updates the address to the page in view: the last one whose first entry is above the middle of the window.
fn update_address() {
    let middle = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default() / 2.0;
    let marks = dom::all("[data-address]");
    let seen = marks.iter().rev().find(|mark| mark.get_bounding_client_rect().top() < middle);
    if let Some(there) = seen.or(marks.first()).and_then(|mark| mark.get_attribute(ADDRESS_ATTRIBUTE))
        && there != address()
        && let Ok(history) = window().history()
    {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&there));
    }
}

/// Stores the entry at the top of the window.
fn store() {
    let Ok(history) = window().history() else { return };
    if history.scroll_restoration() != Ok(ScrollRestoration::Manual) {
        return;
    }
    let entries = entries_with_ids();
    if let Some(id) = entries.get(entries::first_in_view(&entries)).and_then(id_of) {
        let _ = history.replace_state_with_url(&JsValue::from_str(&id), "", None);
    }
}

fn entries_with_ids() -> Vec<Element> {
    dom::all(entries::ENTRY)
}

/// Returns the id of the opened line, or of what the entry is about.
fn id_of(entry: &Element) -> Option<String> {
    let line = dom::find_under::<Element>(entry, ":scope > [id]").map(|opened| opened.id());
    line.or_else(|| entry.get_attribute("data-copy-id"))
}
