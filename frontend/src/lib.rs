#![doc = include_str!("../README.md")]
#![cfg(target_arch = "wasm32")]

// Links the islands into the bundle; their exported functions are called by name.
use threadline_app as _;

/// Called once when the bundle has loaded, before any island is hydrated.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
