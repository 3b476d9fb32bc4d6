//! Refreshes the coverage page: its parts are replaced when they have changed.

use leptos::prelude::{document, window};
use leptos::web_sys::{Element, HtmlDetailsElement, HtmlElement};

use super::{dom, fetch};

const LIVE_PARTS: &str = "[data-live]";
/// The notice that the server does not answer.
const AWAY_NOTICE: &str = "#coverage-away";

/// Fetches the page again, if it is the coverage page, and replaces the parts that have changed.
pub(super) async fn refresh() {
    let Some(notice) = dom::find::<HtmlElement>(AWAY_NOTICE) else { return };
    let Ok(address) = window().location().href() else { return };
    let Some(page) = fetch::page(&address).await else { return away() };
    notice.set_hidden(true);
    for ours in dom::all(LIVE_PARTS) {
        let theirs = dom::find_in::<Element>(&page, &format!("#{}", ours.id()));
        if let Some(theirs) = theirs.filter(|theirs| theirs.inner_html() != ours.inner_html()) {
            replace(&ours, &theirs);
        }
    }
}

/// Shows the notice that the server does not answer and that the page may be outdated.
pub(super) fn away() {
    if let Some(notice) = dom::find::<HtmlElement>(AWAY_NOTICE) {
        notice.set_hidden(false);
    }
}

/// Replaces a part of the page. Open folds stay open, and the focus stays on the same control.
fn replace(ours: &Element, theirs: &Element) {
    let folds: Vec<_> = dom::all(&format!("#{} details[id]", ours.id()))
        .iter()
        .map(|details| (details.id(), details.has_attribute("open")))
        .collect();
    let focus = dom::focused()
        .filter(|focused| ours.contains(Some(focused)))
        .and_then(|focused| identifying_attribute(&focused));
    if document().adopt_node(theirs).is_err() || ours.replace_with_with_node_1(theirs).is_err() {
        return;
    }
    for (id, is_open) in folds {
        if let Some(details) = dom::find::<HtmlDetailsElement>(&format!("#{id}")) {
            details.set_open(is_open);
        }
    }
    if let Some((attribute, value)) = focus {
        let same = |element: &Element| element.get_attribute(attribute).as_deref() == Some(value.as_str());
        let found = dom::all(&format!("#{} [{attribute}]", theirs.id())).into_iter().find(same);
        let found = found.or_else(|| dom::find("#main"));
        if let Some(element) = found.and_then(|element| dom::around::<HtmlElement>(&element, "*")) {
            let _ = element.focus();
        }
    }
}

/// Returns the attribute that tells a control from the others of its part, with its value.
fn identifying_attribute(control: &Element) -> Option<(&'static str, String)> {
    if let Some(details) =
        dom::around::<Element>(control, "summary").and_then(|summary| summary.parent_element())
    {
        return Some(("id", details.id()));
    }
    ["data-copy", "href"]
        .into_iter()
        .find_map(|attribute| Some((attribute, control.get_attribute(attribute)?)))
}
