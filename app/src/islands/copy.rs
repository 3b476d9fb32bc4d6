//! Copies the value of a button or of an entry.

use std::time::Duration;

use leptos::prelude::{set_timeout, window};
use leptos::task::spawn_local;
use leptos::web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlTextAreaElement};
use wasm_bindgen_futures::JsFuture;

use super::announce::{announce, announce_visibly};
use super::dom;

/// The time for which a button says that it has copied.
const COPIED_LABEL_TIME: Duration = Duration::from_secs(2);

/// The label of a button that has copied.
const COPIED_LABEL: &str = "Copied";

/// Copies if the click was on a copy button.
pub(super) fn clicked(target: &Element) {
    if let Some(button) = dom::around::<HtmlElement>(target, "[data-copy]")
        && let Some(value) = button.get_attribute("data-copy")
    {
        let line = dom::around::<Element>(target, "[data-copy-id]").filter(|_| value.is_empty());
        let value = line.and_then(|line| line.get_attribute("data-copy-id")).unwrap_or(value);
        copy(value, Some(button));
    }
}

/// Copies a value, and says so in the button if there is one. Only a secure context (HTTPS or localhost) has the clipboard
/// interface; elsewhere the user copies the selected value.
pub(super) fn copy(value: String, button: Option<HtmlElement>) {
    let window = window();
    if !window.is_secure_context() {
        return by_hand(&value);
    }
    let written = JsFuture::from(window.navigator().clipboard().write_text(&value));
    spawn_local(async move {
        if written.await.is_err() {
            return by_hand(&value);
        }
        let Some(button) = button else { return announce_visibly(COPIED_LABEL) };
        announce(COPIED_LABEL);
        let label = button.text_content().filter(|label| label != COPIED_LABEL);
        button.set_text_content(Some(COPIED_LABEL));
        if let Some(label) = label {
            set_timeout(move || button.set_text_content(Some(&label)), COPIED_LABEL_TIME);
        }
    });
}

/// Shows the value selected, ready for the keyboard. The dialog returns the focus when it closes.
fn by_hand(value: &str) {
    let field = dom::find::<HtmlTextAreaElement>("#copy-by-hand textarea");
    let dialog = dom::find::<HtmlDialogElement>("#copy-by-hand");
    if let (Some(dialog), Some(field)) = (dialog, field) {
        field.set_value(value);
        let _ = dialog.show_modal();
        let _ = field.focus();
        field.select();
    }
}
