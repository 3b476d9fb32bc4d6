//! The tools of every page.

use leptos::prelude::*;

/// The tools: copying, the keyboard, the theme, local times, ages, recent pages, and infinite scrolling. It renders only the region that
/// announces their messages to screen readers.
#[island]
pub fn PageTools() -> impl IntoView {
    Effect::new(|_| start());
    view! { <p id="announcer" class="visually-hidden" role="status"></p> }
}

#[cfg(not(feature = "hydrate"))]
fn start() {}

/// Listens at the window, which also hears events of elements that are added later.
#[cfg(feature = "hydrate")]
fn start() {
    use leptos::ev;

    use super::{
        ages, change_link, copy, dom, infinite_scroll, keyboard, local_times, narrow, panel_text, recent,
        scroll_position, suggest, themes, zone,
    };

    window_event_listener(ev::click, |event| {
        let Some(target) = dom::target(&event) else { return };
        copy::clicked(&target);
        change_link::clicked(&event, &target);
        panel_text::clicked(&target);
        keyboard::clicked(&target);
        themes::clicked(&event, &target);
        zone::clicked(&target);
    });
    window_event_listener(ev::change, |event| {
        if let Some(target) = dom::target(&event) {
            keyboard::switched(&target);
        }
    });
    window_event_listener(ev::keydown, |event| {
        if !suggest::pressed(&event) {
            keyboard::pressed(&event);
        }
    });
    window_event_listener(ev::input, |event| {
        if let Some(target) = dom::target(&event) {
            suggest::typed(&target);
            narrow::typed(&target);
        }
    });
    window_event_listener(ev::mousedown, |event| suggest::pointer_pressed(&event));
    window_event_listener(ev::focusout, |event| {
        if let Some(target) = dom::target(&event) {
            suggest::left(&target);
        }
    });
    window_event_listener(ev::hashchange, |_| change_link::open_target());
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
    recent::start();
    scroll_position::start();
    infinite_scroll::start();
    ages::start();
    suggest::start();
    change_link::start();
    panel_text::start();
    // The stylesheet now shows the controls that need script.
    if let Some(root) = dom::root() {
        let _ = root.set_attribute("data-script", "on");
    }
}
