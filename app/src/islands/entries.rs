//! Moves from entry to entry of a list, and opens them.

use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{
    Element, FocusOptions, HtmlDetailsElement, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition,
};

use super::{change_link, copy, dom};

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

/// Moves the focus to the first entry of the next or the previous transaction.
pub(super) fn step_transaction(forward: bool) -> bool {
    let Some(current) = current() else { return step(forward) };
    let entries = dom::all(ENTRY);
    let transaction = |entry: &Element| entry.get_attribute("data-copy-id");
    let Some(at) = entries.iter().position(|entry| *entry == current) else { return false };
    let differs = |entry: &&Element| transaction(entry) != transaction(&current);
    let found = if forward {
        entries.iter().skip(at + 1).find(differs)
    } else {
        let before = entries.iter().take(at).rposition(|entry| differs(&entry));
        let first = |last: usize| {
            let same = |entry: &&Element| transaction(entry) == transaction(&entries[last]);
            entries[..=last].iter().rev().take_while(same).last()
        };
        before.and_then(first)
    };
    found.map(focus).is_some()
}

/// Opens or closes the line that contains the focus.
pub(super) fn toggle() -> bool {
    current().and_then(|entry| entry.dyn_into::<HtmlDetailsElement>().ok()).is_some_and(|line| {
        line.set_open(!line.open());
        change_link::add_buttons(&line);
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
        change_link::add_buttons(line);
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

pub(super) fn current() -> Option<Element> {
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
