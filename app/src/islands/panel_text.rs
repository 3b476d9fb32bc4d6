//! The panel of a record at a moment, as a text for a colleague.

use leptos::prelude::{document, window};
use leptos::web_sys::{Element, HtmlElement};

use super::{copy, dom};

const PANEL: &str = ".panel[aria-labelledby=as-of-heading]";
const BUTTON: &str = "[data-copy-panel]";

/// Adds the button to the panel, if the page has one.
pub(super) fn start() {
    let Some(links) = dom::find::<Element>(&format!("{PANEL} header")) else { return };
    if let Ok(button) = document().create_element("button") {
        let _ = button.set_attribute("class", "copy");
        let _ = button.set_attribute("data-copy-panel", "");
        button.set_text_content(Some("Copy as text"));
        let _ = links.append_child(&button);
    }
}

/// Copies the panel if the click was on its button.
pub(super) fn clicked(target: &Element) {
    if let Some(button) = dom::around::<HtmlElement>(target, BUTTON)
        && let Some(panel) = dom::around::<Element>(target, PANEL)
    {
        copy::copy(text_of(&panel), Some(button));
    }
}

/// Returns the heading of the page and of the panel, a line for each field that is not folded, and the address.
fn text_of(panel: &Element) -> String {
    let headings = ["main h1", "#as-of-heading"];
    let mut lines: Vec<String> = headings
        .iter()
        .filter_map(|name| dom::find::<Element>(name))
        .map(|heading| dom::words(&heading))
        .collect();
    for row in dom::all(&format!("{PANEL} tbody tr")) {
        if dom::around::<Element>(&row, "details:not([open])").is_some_and(|fold| panel.contains(Some(&fold)))
        {
            continue;
        }
        let cells = row.children();
        let mut cells =
            (0..cells.length()).filter_map(|index| cells.item(index)).map(|cell| dom::words(&cell));
        let field = cells.next().unwrap_or_default();
        let values: Vec<String> = cells.collect();
        lines.push(format!("{field}: {}", values.join(" → ")));
    }
    lines.push(window().location().href().unwrap_or_default());
    lines.join("\n")
}
