//! Polls server functions while the tab is visible.

use leptos::prelude::{ServerFnError, document, window};
use leptos::server_fn::client::Client;
use leptos::server_fn::client::browser::BrowserClient;
use leptos::server_fn::codec::{FromRes, Json};
use leptos::server_fn::request::browser::BrowserRequest;
use leptos::server_fn::response::ClientRes;
use leptos::server_fn::response::browser::BrowserResponse;
use leptos::web_sys::js_sys::Promise;
use leptos::web_sys::{AddEventListenerOptions, VisibilityState};
use wasm_bindgen_futures::JsFuture;

/// The default pause between two requests, in milliseconds.
pub(super) const PAUSE_MS: u32 = 15_000;

/// The outcome of a request.
pub(super) enum Outcome<T> {
    /// The server answered.
    Value(T),
    /// The server did not outcome, or something else did.
    Unavailable,
    /// The server denies the operator.
    Denied,
}

/// Waits for a number of milliseconds, and until the tab is visible.
pub(super) async fn wait(pause: u32) {
    let pause = i32::try_from(pause).unwrap_or(i32::MAX);
    let passed = Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, pause);
    });
    let _ = JsFuture::from(passed).await;
    while document().visibility_state() == VisibilityState::Hidden {
        let shown = Promise::new(&mut |resolve, _| {
            let options = AddEventListenerOptions::new();
            options.set_once(true);
            let _ = document().add_event_listener_with_callback_and_add_event_listener_options(
                "visibilitychange",
                &resolve,
                &options,
            );
        });
        let _ = JsFuture::from(shown).await;
    }
}

/// Sends the request of a server function. The parts of the call are used, because the call as a whole hides the status of a
/// denial.
pub(super) async fn call<T>(request: Result<BrowserRequest, ServerFnError>) -> Outcome<T>
where
    T: FromRes<Json, BrowserResponse, ServerFnError>,
{
    let Ok(request) = request else { return Outcome::Unavailable };
    let response: Result<BrowserResponse, ServerFnError> =
        <BrowserClient as Client<ServerFnError>>::send(request).await;
    let Ok(response) = response else { return Outcome::Unavailable };
    match ClientRes::<ServerFnError>::status(&response) {
        200 => T::from_res(response).await.map_or(Outcome::Unavailable, Outcome::Value),
        401 | 403 => Outcome::Denied,
        _ => Outcome::Unavailable,
    }
}
