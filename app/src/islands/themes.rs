//! Applies the theme at once; without script the form reloads the page.

use leptos::prelude::window;
use leptos::task::spawn_local;
use leptos::web_sys::{
    Element, Event, HtmlButtonElement, HtmlFormElement, RequestInit, RequestRedirect, Response, ResponseType,
    UrlSearchParams,
};
use wasm_bindgen_futures::JsFuture;

use super::announce::announce;
use super::dom;

const THEME_BUTTONS: &str = "form.theme button";

/// Applies the theme if the click was on one, and stores it on the server.
pub(super) fn clicked(event: &Event, target: &Element) {
    let Some(chosen) = dom::around::<HtmlButtonElement>(target, THEME_BUTTONS) else { return };
    let (Some(form), Some(root)) = (chosen.form(), dom::root()) else { return };
    event.prevent_default();
    let theme = chosen.value();
    // The system theme needs no attribute: the stylesheet follows the system by itself.
    let _ = if theme == "system" {
        root.remove_attribute("data-theme")
    } else {
        root.set_attribute("data-theme", &theme)
    };
    for choice in dom::all(THEME_BUTTONS) {
        let pressed = if choice.get_attribute("value").as_ref() == Some(&theme) { "true" } else { "false" };
        let _ = choice.set_attribute("aria-pressed", pressed);
    }
    spawn_local(async move {
        if !store(&form, &theme).await {
            announce("The theme was not saved: the server did not answer.");
        }
    });
}

/// Sends the form as the browser would, without following the redirect to the page that is already open.
async fn store(form: &HtmlFormElement, theme: &str) -> bool {
    let Ok(fields) = UrlSearchParams::new() else { return false };
    fields.append("theme", theme);
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_redirect(RequestRedirect::Manual);
    request.set_body(&fields);
    let response = JsFuture::from(window().fetch_with_str_and_init(&form.action(), &request)).await;
    response.is_ok_and(|response| Response::from(response).type_() == ResponseType::Opaqueredirect)
}
