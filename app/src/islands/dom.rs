//! Finding things in the document.

use leptos::prelude::document;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Document, Element, Event};

/// The root element.
pub(super) fn root() -> Option<Element> {
    document().document_element()
}

/// The element that an event happened at.
pub(super) fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// The first element that matches, if it is of this kind.
pub(super) fn find<T: JsCast>(selector: &str) -> Option<T> {
    find_in(&document(), selector)
}

/// The first element of a document that matches, if it is of this kind.
pub(super) fn find_in<T: JsCast>(document: &Document, selector: &str) -> Option<T> {
    document.query_selector(selector).ok()??.dyn_into().ok()
}

/// The first element inside of another that matches, if it is of this kind.
pub(super) fn find_under<T: JsCast>(element: &Element, selector: &str) -> Option<T> {
    element.query_selector(selector).ok()??.dyn_into().ok()
}

/// Every element that matches, in the order of the document.
pub(super) fn all(selector: &str) -> Vec<Element> {
    let Ok(found) = document().query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.get(at)?.dyn_into().ok()).collect()
}

/// The element itself or the nearest one around it that matches, if it is of this kind.
pub(super) fn around<T: JsCast>(element: &Element, selector: &str) -> Option<T> {
    element.closest(selector).ok()??.dyn_into().ok()
}

/// The element that has the focus.
pub(super) fn focused() -> Option<Element> {
    document().active_element()
}
