//! The age of each line beside its time, which stays right while the page is open.

use std::cell::Cell;

use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsValue;
use leptos::web_sys::js_sys::Date;

use super::{dom, poll};

/// The time between two updates, in milliseconds.
const PERIOD_MS: u32 = 30_000;
const TIMES: &str = ".entry > summary > time";

thread_local! {
    /// The milliseconds by which the clock of the server is ahead of that of the browser.
    static SERVER_AHEAD: Cell<i64> = const { Cell::new(0) };
}

/// Shows the ages, and updates them from now on.
pub(super) fn start() {
    let now = dom::root().and_then(|root| root.get_attribute("data-now")?.parse::<i64>().ok());
    if let Some(now) = now {
        SERVER_AHEAD.set(now - browser_now());
    }
    if dom::all(TIMES).is_empty() {
        return;
    }
    spawn_local(async {
        loop {
            update();
            poll::wait(PERIOD_MS).await;
        }
    });
}

/// Updates the ages. The stylesheet shows them.
pub(super) fn update() {
    let now = browser_now() + SERVER_AHEAD.get();
    for time in dom::all(TIMES) {
        let at = time.get_attribute("datetime").map(|exact| Date::new(&JsValue::from_str(&exact)).get_time());
        if let Some(at) = at.filter(|at| !at.is_nan()) {
            let _ = time.set_attribute("data-age", &age((now - milliseconds(at)) / 1_000));
        }
    }
}

fn browser_now() -> i64 {
    milliseconds(Date::now())
}

/// Converts a time of the browser. Numbers with a fraction would bring code of 13 kB to format them.
#[expect(clippy::cast_possible_truncation, reason = "the times of a browser are whole numbers below 2^53")]
const fn milliseconds(time: f64) -> i64 {
    time as i64
}

/// Formats an age in its largest unit.
fn age(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let unit = units.into_iter().find(|(length, _)| seconds >= *length);
    unit.map_or_else(|| "now".to_owned(), |(length, name)| format!("{} {name}", seconds / length))
}
