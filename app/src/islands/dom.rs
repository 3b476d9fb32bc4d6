//! Queries of the document.

use leptos::prelude::document;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Document, Element, Event, Node};

/// Returns the root element.
pub(super) fn root() -> Option<Element> {
    document().document_element()
}

/// Returns the element at which an event happened.
pub(super) fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// Returns the first element that matches, if it has this type.
pub(super) fn find<T: JsCast>(selector: &str) -> Option<T> {
    find_in(&document(), selector)
}

/// Returns the first element of a document that matches, if it has this type.
pub(super) fn find_in<T: JsCast>(document: &Document, selector: &str) -> Option<T> {
    document.query_selector(selector).ok()??.dyn_into().ok()
}

/// Returns the first descendant of an element that matches, if it has this type.
pub(super) fn find_under<T: JsCast>(element: &Element, selector: &str) -> Option<T> {
    element.query_selector(selector).ok()??.dyn_into().ok()
}

/// Returns every element that matches, in document order.
pub(super) fn all(selector: &str) -> Vec<Element> {
    let Ok(found) = document().query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.get(at)?.dyn_into().ok()).collect()
}

/// Returns the element or its nearest ancestor that matches, if it has this type.
pub(super) fn around<T: JsCast>(element: &Element, selector: &str) -> Option<T> {
    element.closest(selector).ok()??.dyn_into().ok()
}

/// Returns a node as an element, if it has this type.
pub(super) fn element<T: JsCast>(node: &Node) -> Option<T> {
    node.clone().dyn_into().ok()
}

/// Returns the text of an element on one line.
pub(super) fn words(element: &Element) -> String {
    let text = element.text_content().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the element that has the focus.
pub(super) fn focused() -> Option<Element> {
    document().active_element()
}
