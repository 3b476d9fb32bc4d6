//! Moves from entry to entry of a list, and opens them.

use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{
    Element, FocusOptions, HtmlDetailsElement, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition,
};

use super::{copy, dom};

pub(super) const ENTRY: &str = "[data-entry]";

/// Moves the focus to the next or the previous entry; from outside of the list, to the first entry in view.
pub(super) fn step(forward: bool) -> bool {
    let entries = dom::all(ENTRY);
    let current = current();
    let at = entries.iter().position(|entry| Some(entry) == current.as_ref());
    let next = match at {
        Some(at) if forward => at.checked_add(1),
        Some(at) => at.checked_sub(1),
        None => Some(first_in_view(&entries)),
    };
    let Some(entry) = next.and_then(|next| entries.get(next)) else { return false };
    focus(entry);
    true
}

/// Opens or closes the line that contains the focus.
pub(super) fn toggle() -> bool {
    current().and_then(|entry| entry.dyn_into::<HtmlDetailsElement>().ok()).is_some_and(|line| {
        line.set_open(!line.open());
        if !line.open() {
            focus(&line);
        }
        true
    })
}

/// Opens every line, or closes them if all are open.
pub(super) fn toggle_all() -> bool {
    let lines: Vec<HtmlDetailsElement> =
        dom::all(ENTRY).into_iter().filter_map(|entry| entry.dyn_into().ok()).collect();
    let open = lines.iter().any(|line| !line.open());
    for line in &lines {
        line.set_open(open);
    }
    !lines.is_empty()
}

/// Copies the id of the entry that contains the focus.
pub(super) fn copy_id() -> bool {
    let Some(id) = current().and_then(|entry| entry.get_attribute("data-copy-id")) else { return false };
    copy::copy(id, None);
    true
}

/// Returns the index of the first entry that is not above the window.
pub(super) fn first_in_view(entries: &[Element]) -> usize {
    entries.iter().position(|entry| entry.get_bounding_client_rect().bottom() > 0.0).unwrap_or_default()
}

/// Scrolls to an entry by as little as possible and without an animation, so that a held key does not wait.
pub(super) fn show(entry: &Element, position: ScrollLogicalPosition) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(position);
    entry.scroll_into_view_with_scroll_into_view_options(&options);
}

fn current() -> Option<Element> {
    dom::around(&dom::focused()?, ENTRY)
}

fn focus(entry: &Element) {
    let line = dom::find_under::<HtmlElement>(entry, ":scope > summary");
    let Some(element) = line.or_else(|| dom::around(entry, ENTRY)) else { return };
    if element.tag_name() != "SUMMARY" && !element.has_attribute("tabindex") {
        element.set_tab_index(-1);
    }
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = element.focus_with_options(&options);
    show(entry, ScrollLogicalPosition::Nearest);
}
