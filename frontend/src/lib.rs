#![doc = include_str!("../README.md")]
#![cfg(target_arch = "wasm32")]

/// Called once when the bundle has loaded, before any island is hydrated.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    threadline_app::islands::find_mount();
    leptos::mount::hydrate_islands();
}
