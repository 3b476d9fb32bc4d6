//! Handles keyboard shortcuts.

use std::cell::Cell;

use leptos::ev::KeyboardEvent;
use leptos::prelude::window;
use leptos::web_sys::js_sys::Date;
use leptos::web_sys::{
    Element, HtmlAnchorElement, HtmlDialogElement, HtmlElement, HtmlInputElement, Storage,
};

use super::shortcuts::{SHORTCUTS, ShortcutAction};
use super::{change_link, dom, entries};

/// The key in local storage that switches single-letter shortcuts off: speech input and other tools type letters.
const SHORTCUTS_SWITCH: &str = "threadline_keys";

/// The first of two keys that go to a page.
const PREFIX: &str = "g";
/// The time for the second key, in milliseconds.
const PREFIX_TIME: f64 = 1_500.0;

thread_local! {
    /// The time at which the first of two keys was pressed, in milliseconds, if the next key may be the second one.
    static PREFIX_AT: Cell<Option<f64>> = const { Cell::new(None) };
}

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
    let busy = event.ctrl_key() || event.alt_key() || event.meta_key() || event.is_composing();
    if busy || event.default_prevented() || dom::find::<Element>("dialog[open]").is_some() {
        return;
    }
    if dom::target(event).is_some_and(|target| is_typing(&target)) || (name.len() == 1 && !is_enabled()) {
        return;
    }
    let prefix = PREFIX_AT.replace(None).filter(|at| Date::now() - at < PREFIX_TIME);
    if name == PREFIX && prefix.is_none() {
        return PREFIX_AT.set(Some(Date::now()));
    }
    let both = prefix.map(|_| format!("{PREFIX} {name}"));
    let find = |name: &str| SHORTCUTS.iter().find(|key| key.key == name);
    let Some(key) = both.as_deref().and_then(find).or_else(|| find(&name)) else { return };
    let done = match key.action {
        ShortcutAction::Next => entries::step(true),
        ShortcutAction::Previous => entries::step(false),
        ShortcutAction::Toggle => entries::toggle(),
        ShortcutAction::ToggleAll => entries::toggle_all(),
        ShortcutAction::NextTransaction => entries::step_transaction(true),
        ShortcutAction::PreviousTransaction => entries::step_transaction(false),
        ShortcutAction::CopyLink => change_link::copy_link(),
        ShortcutAction::CopyText => change_link::copy_text(),
        ShortcutAction::CopyId => entries::copy_id(),
        ShortcutAction::Search => focus_search(),
        ShortcutAction::Filter => focus_filter(),
        ShortcutAction::Window(number) => follow(&format!("[data-windows] a:nth-of-type({number})")),
        ShortcutAction::EarlierWindow => follow(".activity a[rel=prev]"),
        ShortcutAction::LaterWindow => follow(".activity a[rel=next]"),
        ShortcutAction::EarlierVersion => follow(".panel a[rel=prev]"),
        ShortcutAction::LaterVersion => follow(".panel a[rel=next]"),
        ShortcutAction::Help => show_help(),
        ShortcutAction::Close => close(),
        ShortcutAction::GoTo(path) => go_to(path),
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

/// Follows the link of the navigation to a path below the mount. The operator may not open a page that it does not link to.
fn go_to(path: &str) -> bool {
    let base = dom::root().and_then(|root| root.get_attribute("data-base")).unwrap_or_default();
    let address = format!("{base}{path}");
    let links = dom::all("nav.main a").into_iter();
    let links = links.filter_map(|link| dom::around::<HtmlAnchorElement>(&link, "a"));
    let mut links = links.filter(|link| link.pathname().trim_end_matches('/') == address);
    links.next().map(|link| link.click()).is_some()
}

/// Follows a link of the page.
fn follow(selector: &str) -> bool {
    dom::find::<HtmlAnchorElement>(selector).map(|link| link.click()).is_some()
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
