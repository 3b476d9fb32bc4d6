//! The place of the reader in a list that grew: reload and Back come to it.

use leptos::ev;
use leptos::prelude::{window, window_event_listener};
use leptos::wasm_bindgen::JsValue;
use leptos::web_sys::{Element, ScrollLogicalPosition, ScrollRestoration};

use super::{dom, entries};

/// Marks the first entry of each page that was loaded with the address of that page.
const MARK: &str = "data-address";

/// Goes back to the entry that was at the top when the page was left, if there is one, and keeps the place from now on.
pub(super) fn start() {
    if let Some(id) = window().history().ok().and_then(|history| history.state().ok()?.as_string())
        && let Some(entry) = entries_with_ids().into_iter().find(|entry| id_of(entry) == Some(id.clone()))
    {
        entries::show(&entry, ScrollLogicalPosition::Start);
    }
    window_event_listener(ev::scroll, |_| follow());
    window_event_listener(ev::pagehide, |_| keep());
}

/// Remembers where a page begins.
pub(super) fn mark(first: &Element, address: &str) {
    let _ = first.set_attribute(MARK, address);
}

/// From now on the browser cannot find the place by itself: the list is longer than what a reload brings.
pub(super) fn take_over() {
    if let Ok(history) = window().history() {
        let _ = history.set_scroll_restoration(ScrollRestoration::Manual);
    }
}

/// The address of the page that was given to the reader at first.
pub(super) fn address() -> String {
    let location = window().location();
    format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default())
}

/// Keeps the address in step with what is in view: the last page whose beginning is above the middle of the window.
fn follow() {
    let middle = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default() / 2.0;
    let marks = dom::all("[data-address]");
    let seen = marks.iter().rev().find(|mark| mark.get_bounding_client_rect().top() < middle);
    if let Some(there) = seen.or(marks.first()).and_then(|mark| mark.get_attribute(MARK))
        && there != address()
        && let Ok(history) = window().history()
    {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&there));
    }
}

/// Remembers the entry at the top.
fn keep() {
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
    dom::all("[data-entry][data-copy-id]")
}

fn id_of(entry: &Element) -> Option<String> {
    entry.get_attribute("data-copy-id")
}
