#![doc = include_str!("../README.md")]
#![cfg(target_arch = "wasm32")]

/// Hydrates the islands. The loader calls it once, when the bundle has loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    threadline_app::islands::find_mount();
    leptos::mount::hydrate_islands();
}
