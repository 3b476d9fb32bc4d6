//! The records and people that the reader opened last, which the overview links to.
//!
//! The list is kept in the session storage of the browser, for one tab and until it is closed. The server never receives it.

use leptos::prelude::{document, window};
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlElement, Storage};

use super::dom;

/// Pages that are kept.
const MAX_PAGES: usize = 8;
/// Characters of a heading that are kept.
const MAX_HEADING: usize = 80;
/// The part of the overview that lists the pages, hidden while there are none.
const LIST: &str = "#recent";

/// Adds this page to the list, or shows the list on the overview.
pub(super) fn start() {
    let Some((storage, key)) = storage().zip(key()) else { return };
    let stored = storage.get_item(&key).ok().flatten().unwrap_or_default();
    if let Some(list) = dom::find::<HtmlElement>(LIST) {
        show(&list, &stored);
    } else if let Some((path, heading)) = this_page() {
        let _ = storage.set_item(&key, &with_page(&stored, &path, &heading));
    }
}

fn storage() -> Option<Storage> {
    window().session_storage().ok()?
}

/// Returns the key of the list: each operator of each console has one.
fn key() -> Option<String> {
    let base = dom::root()?.get_attribute("data-base")?;
    let operator = dom::find::<Element>(".operator b").and_then(|name| name.text_content());
    Some(format!("threadline-recent {base} {}", operator.unwrap_or_default()))
}

/// Returns the path and the heading of this page, if it is about a record or an actor.
fn this_page() -> Option<(String, String)> {
    let base = dom::root()?.get_attribute("data-base")?;
    let path = window().location().pathname().ok()?;
    let parts: Vec<&str> = path.strip_prefix(&base)?.split('/').collect();
    let is_kept =
        matches!(parts.as_slice(), ["", "rows", _, key] | ["", "actors", _, key] if !key.is_empty());
    let is_problem = dom::find::<Element>(".problem, .empty").is_some();
    let heading = dom::find::<Element>("main h1").filter(|_| is_kept && !is_problem)?;
    Some((path, dom::words(&heading).chars().take(MAX_HEADING).collect()))
}

/// Returns the list with this page first. Each line is a path and a heading; neither has a line break.
fn with_page(stored: &str, path: &str, heading: &str) -> String {
    let is_other = |line: &&str| line.split_once(' ').is_some_and(|(other, _)| other != path);
    let others = stored.lines().filter(is_other).take(MAX_PAGES - 1);
    others.fold(format!("{path} {heading}"), |list, line| format!("{list}\n{line}"))
}

fn show(list: &HtmlElement, stored: &str) {
    let Some(items) = list.query_selector("ul").ok().flatten() else { return };
    for (path, heading) in stored.lines().filter_map(|line| line.split_once(' ')) {
        let created = document().create_element("li").ok().zip(document().create_element("a").ok());
        let Some((item, link)) = created else { continue };
        let _ = link.set_attribute("href", path);
        link.set_text_content(Some(heading));
        let _ = item.append_child(&link).and_then(|_| items.append_child(item.unchecked_ref()));
        list.set_hidden(false);
    }
}
