//! Fields that narrow a list or a table to the lines with a text.

use leptos::web_sys::js_sys::JsString;
use leptos::web_sys::{Element, HtmlElement, HtmlInputElement};

use super::dom;

/// Hides the lines beside the field that do not have its text.
pub(super) fn typed(target: &Element) {
    let field = dom::around::<HtmlInputElement>(target, "input[data-narrow]");
    let Some((field, list)) =
        field.and_then(|field| Some((field, dom::around::<Element>(target, "details, section")?)))
    else {
        return;
    };
    // The tables of Unicode are in the browser already.
    let lowercase = |text: &str| JsString::from(text).to_lower_case();
    let wanted = String::from(lowercase(field.value().trim()));
    let Ok(lines) = list.query_selector_all("li, tbody tr") else { return };
    for index in 0..lines.length() {
        if let Some(line) = lines.get(index).and_then(|line| dom::element::<HtmlElement>(&line)) {
            let text = lowercase(&line.text_content().unwrap_or_default());
            line.set_hidden(!text.includes(&wanted, 0));
        }
    }
}
