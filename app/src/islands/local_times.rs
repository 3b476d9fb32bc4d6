//! Times in the reader's own zone, worked out when they are pointed at.

use leptos::wasm_bindgen::JsValue;
use leptos::web_sys::Element;
use leptos::web_sys::js_sys::{Date, Object, Reflect};

use super::dom;

const TIME: &str = "time[datetime]";

/// Explains the time under the pointer.
pub(super) fn pointed(target: &Element) {
    if let Some(time) = dom::around::<Element>(target, TIME) {
        explain(&time);
    }
}

/// Explains the times in what has got the focus.
pub(super) fn focused(target: &Element) {
    if let Some(time) = dom::find_under::<Element>(target, TIME) {
        explain(&time);
    }
}

/// The exact moment first, then the reader's own time: the page itself shows UTC only.
fn explain(time: &Element) {
    let Some(exact) = time.get_attribute("datetime") else { return };
    let date = Date::new(&JsValue::from_str(&exact));
    if date.get_time().is_nan() {
        return;
    }
    let style = Object::new();
    for part in ["dateStyle", "timeStyle"] {
        let _ = Reflect::set(&style, &part.into(), &"long".into());
    }
    let own = date.to_locale_string("en-GB", &style);
    let _ = time.set_attribute("title", &format!("{exact}\n{own} (your time)"));
}
