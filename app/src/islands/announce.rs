//! Announces text to screen readers.

use std::time::Duration;

use leptos::prelude::set_timeout;
use leptos::web_sys::HtmlElement;

use super::dom;

/// The time for which a text is shown.
const SHOWN_TIME: Duration = Duration::from_secs(3);

/// Announces a text, and shows it at the edge of the window for a moment.
pub(super) fn announce_visibly(text: impl Into<String>) {
    announce(text);
    let Some(region) = dom::find::<HtmlElement>("#announcer") else { return };
    let _ = region.class_list().remove_1("visually-hidden");
    let _ = region.class_list().add_1("toast");
    set_timeout(
        move || {
            let _ = region.class_list().remove_1("toast");
            let _ = region.class_list().add_1("visually-hidden");
        },
        SHOWN_TIME,
    );
}

/// Announces a text politely. The region is emptied first, so that the same text is announced twice if it occurs twice.
pub(super) fn announce(text: impl Into<String>) {
    let Some(region) = dom::find::<HtmlElement>("#announcer") else { return };
    region.set_text_content(None);
    let text = text.into();
    set_timeout(move || region.set_text_content(Some(&text)), Duration::from_millis(100));
}
