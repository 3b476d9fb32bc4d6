//! What every page has while script runs.

use leptos::prelude::*;

/// Copying, the keyboard, the theme, times in the reader's own zone, and more entries as one scrolls. It draws nothing but the
/// place where these things are said to a screen reader.
#[island]
pub fn PageTools() -> impl IntoView {
    Effect::new(|_| start());
    view! { <p id="announcer" class="visually-hidden" role="status"></p> }
}

#[cfg(not(feature = "hydrate"))]
fn start() {}

/// Listens at the window: what is added to the page later is heard as well.
#[cfg(feature = "hydrate")]
fn start() {
    use leptos::ev;

    use super::{copy, dom, infinite_scroll, keyboard, local_times, scroll_position, themes};

    window_event_listener(ev::click, |event| {
        let Some(target) = dom::target(&event) else { return };
        copy::clicked(&target);
        keyboard::clicked(&target);
        themes::clicked(&event, &target);
    });
    window_event_listener(ev::change, |event| {
        if let Some(target) = dom::target(&event) {
            keyboard::switched(&target);
        }
    });
    window_event_listener(ev::keydown, |event| keyboard::pressed(&event));
    window_event_listener(ev::pointerover, |event| {
        if let Some(target) = dom::target(&event) {
            local_times::pointed(&target);
        }
    });
    window_event_listener(ev::focusin, |event| {
        if let Some(target) = dom::target(&event) {
            local_times::focused(&target);
        }
    });
    keyboard::start();
    scroll_position::start();
    infinite_scroll::start();
    // What needs script may show itself now.
    if let Some(root) = dom::root() {
        let _ = root.set_attribute("data-script", "on");
    }
}
