//! Announces text to screen readers.

use std::time::Duration;

use leptos::prelude::set_timeout;
use leptos::web_sys::HtmlElement;

use super::dom;

/// Announces a text politely. The region is emptied first, so that the same text is announced twice if it occurs twice.
pub(super) fn announce(text: impl Into<String>) {
    let Some(region) = dom::find::<HtmlElement>("#announcer") else { return };
    region.set_text_content(None);
    let text = text.into();
    set_timeout(move || region.set_text_content(Some(&text)), Duration::from_millis(100));
}
