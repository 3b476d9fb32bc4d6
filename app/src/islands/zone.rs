//! Sets the time zone of the console to that of the browser.

use leptos::wasm_bindgen::JsValue;
use leptos::web_sys::js_sys::{Array, Intl, Object, Reflect};
use leptos::web_sys::{Element, HtmlFormElement, HtmlInputElement};

use super::dom;

/// Sends the form of the time zone with the zone of the browser, if the click was on its button.
pub(super) fn clicked(target: &Element) {
    if dom::around::<Element>(target, "[data-own-zone]").is_none() {
        return;
    }
    let Some(form) = dom::around::<HtmlFormElement>(target, "form") else { return };
    let field = dom::find_under::<HtmlInputElement>(&form, "[name=zone]");
    if let (Some(field), Some(zone)) = (field, own_zone()) {
        field.set_value(&zone);
        let _ = form.request_submit();
    }
}

/// Returns the name of the browser's zone.
fn own_zone() -> Option<String> {
    let format = Intl::DateTimeFormat::new(&Array::new(), &Object::new());
    let zone = Reflect::get(&format.resolved_options(), &JsValue::from_str("timeZone")).ok()?;
    zone.as_string()
}
