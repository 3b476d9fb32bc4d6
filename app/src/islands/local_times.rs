//! Adds the local time of the user to the title of a time that is pointed at.

use leptos::wasm_bindgen::JsValue;
use leptos::web_sys::Element;
use leptos::web_sys::js_sys::{Date, Object, Reflect};

use super::dom;

const TIMES: &str = "time[datetime]";

/// Explains the time under the pointer.
pub(super) fn pointed(target: &Element) {
    if let Some(time) = dom::around::<Element>(target, TIMES) {
        explain(&time);
    }
}

/// Explains the first time inside of the element that has received the focus.
pub(super) fn focused(target: &Element) {
    if let Some(time) = dom::find_under::<Element>(target, TIMES) {
        explain(&time);
    }
}

/// Sets the title of a time: the exact UTC time, then the local time. The page itself shows UTC only.
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
