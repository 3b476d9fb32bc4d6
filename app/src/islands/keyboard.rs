//! Handles keyboard shortcuts.

use leptos::ev::KeyboardEvent;
use leptos::prelude::window;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlInputElement, Storage};

use super::shortcuts::{SHORTCUTS, ShortcutAction};
use super::{dom, entries};

/// The key in local storage that switches single-letter shortcuts off: speech input and other tools type letters.
const SHORTCUTS_SWITCH: &str = "threadline_keys";

const OPEN_DRAWERS: &str = "details[data-drawer][open]";

/// Sets the switch to what is stored.
pub(super) fn start() {
    if !is_enabled()
        && let Some(switch) = dom::find::<HtmlInputElement>("#keys-switch")
    {
        switch.set_checked(false);
    }
}

/// Runs the shortcut of a key, unless the user is typing or a dialog is open, which has its own keys.
pub(super) fn pressed(event: &KeyboardEvent) {
    let name = event.key();
    let Some(key) = SHORTCUTS.iter().find(|key| key.key == name) else { return };
    let busy = event.ctrl_key() || event.alt_key() || event.meta_key() || event.is_composing();
    if busy || event.default_prevented() || dom::find::<Element>("dialog[open]").is_some() {
        return;
    }
    if dom::target(event).is_some_and(|target| is_typing(&target)) || (name.len() == 1 && !is_enabled()) {
        return;
    }
    let done = match key.action {
        ShortcutAction::Next => entries::step(true),
        ShortcutAction::Previous => entries::step(false),
        ShortcutAction::Toggle => entries::toggle(),
        ShortcutAction::ToggleAll => entries::toggle_all(),
        ShortcutAction::Copy => entries::copy_id(),
        ShortcutAction::Search => focus_search(),
        ShortcutAction::Filter => focus_filter(),
        ShortcutAction::Window(number) => open_window(number),
        ShortcutAction::Help => show_help(),
        ShortcutAction::Close => close(),
    };
    if done {
        event.prevent_default();
    }
}

/// Opens the help if the click was on its button, and closes drawers outside of which the click was.
pub(super) fn clicked(target: &Element) {
    if dom::around::<Element>(target, "[data-help]").is_some() {
        show_help();
    }
    for drawer in dom::all(OPEN_DRAWERS) {
        if !drawer.contains(Some(target)) {
            let _ = drawer.remove_attribute("open");
        }
    }
}

/// Stores the state of the switch if it has changed.
pub(super) fn switched(target: &Element) {
    if target.id() == "keys-switch"
        && let Some(switch) = dom::find::<HtmlInputElement>("#keys-switch")
        && let Some(storage) = storage()
    {
        let _ = if switch.checked() {
            storage.remove_item(SHORTCUTS_SWITCH)
        } else {
            storage.set_item(SHORTCUTS_SWITCH, "off")
        };
    }
}

fn is_enabled() -> bool {
    storage().and_then(|storage| storage.get_item(SHORTCUTS_SWITCH).ok()?).is_none()
}

/// Returns the local storage, if the browser has one for this site.
fn storage() -> Option<Storage> {
    window().local_storage().ok()?
}

fn is_typing(target: &Element) -> bool {
    target.matches("input, textarea, select, [contenteditable]").unwrap_or(false)
}

/// Focuses the search in the header, with its text selected.
fn focus_search() -> bool {
    dom::find::<HtmlInputElement>("form.find input").is_some_and(|field| {
        field.select();
        field.focus().is_ok()
    })
}

/// Focuses the first field of the filter, and opens the folds around it.
fn focus_filter() -> bool {
    let Some(field) = dom::find::<HtmlElement>("form.filter :is(input:not([type=hidden]), select)") else {
        return false;
    };
    let mut inside = dom::around::<Element>(&field, "details");
    while let Some(details) = inside {
        let _ = details.set_attribute("open", "");
        inside = details.parent_element().and_then(|parent| dom::around(&parent, "details"));
    }
    field.focus().is_ok()
}

/// Follows the link to a time window. Pages without these links have no windows.
fn open_window(number: usize) -> bool {
    let links = dom::all("[data-windows] a");
    let link = number
        .checked_sub(1)
        .and_then(|index| links.get(index))
        .and_then(|link| link.dyn_ref::<HtmlElement>());
    link.is_some_and(|link| {
        link.click();
        true
    })
}

fn show_help() -> bool {
    dom::find::<HtmlDialogElement>("#keys").is_some_and(|help| help.show_modal().is_ok())
}

/// Closes open drawers. The focus moves to the summary that opens the drawer again.
fn close() -> bool {
    let drawers = dom::all(OPEN_DRAWERS);
    let focused = dom::focused();
    for drawer in &drawers {
        let held_focus = drawer.contains(focused.as_deref());
        let _ = drawer.remove_attribute("open");
        if held_focus && let Some(summary) = dom::find_under::<HtmlElement>(drawer, "summary") {
            let _ = summary.focus();
        }
    }
    !drawers.is_empty()
}
