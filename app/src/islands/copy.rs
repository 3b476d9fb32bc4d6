//! Copying an id.

use leptos::prelude::*;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Idle,
    Copied,
    Manual,
}

/// A button that copies `value`. It is hidden until it works; where the browser lets no script copy, the value appears
/// selected in a field, ready for the keyboard.
#[island]
pub fn CopyButton(
    /// What is copied.
    value: String,
    /// What it is, for a reader who cannot see what stands beside it.
    label: String,
) -> impl IntoView {
    let alive = RwSignal::new(false);
    let outcome = RwSignal::new(Outcome::Idle);
    let field = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| alive.set(true));
    Effect::new(move |_| {
        if outcome.get() == Outcome::Manual
            && let Some(field) = field.get()
        {
            select(&field);
        }
    });
    let accessible_name = format!("Copy {label}");
    let field_name = format!("{label}, selected for copying");
    let copied = value.clone();
    let on_click = move |_| copy(copied.clone(), outcome);
    view! {
        <button type="button" class="copy" hidden=move || !alive.get() aria-label=accessible_name on:click=on_click>
            {move || if outcome.get() == Outcome::Copied { "Copied" } else { "Copy" }}
        </button>
        <span role="status" class="visually-hidden">
            {move || match outcome.get() {
                Outcome::Idle => "",
                Outcome::Copied => "Copied",
                Outcome::Manual => "Press Ctrl and C to copy",
            }}
        </span>
        <input
            node_ref=field
            class="copy-field"
            hidden=move || outcome.get() != Outcome::Manual
            readonly
            aria-label=field_name
            value=value
        />
    }
}

#[cfg(not(feature = "hydrate"))]
fn copy(_value: String, _outcome: RwSignal<Outcome>) {}

#[cfg(not(feature = "hydrate"))]
fn select<T>(_field: &T) {}

/// Only a secure context (HTTPS or localhost) has the clipboard interface; elsewhere the browser may still copy a selection.
#[cfg(feature = "hydrate")]
fn copy(value: String, outcome: RwSignal<Outcome>) {
    let window = window();
    if !window.is_secure_context() {
        outcome.set(Outcome::Manual);
        return;
    }
    let written = wasm_bindgen_futures::JsFuture::from(window.navigator().clipboard().write_text(&value));
    leptos::task::spawn_local(async move {
        outcome.set(if written.await.is_ok() { Outcome::Copied } else { Outcome::Manual });
    });
}

#[cfg(feature = "hydrate")]
fn select(field: &web_sys::HtmlInputElement) {
    let _ = field.focus();
    field.select();
}
