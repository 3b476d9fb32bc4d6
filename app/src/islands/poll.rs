//! Asking the server again and again, and no more often than somebody looks.

use leptos::prelude::{ServerFnError, document, window};
use leptos::server_fn::ServerFn;
use leptos::server_fn::client::Client;
use leptos::server_fn::client::browser::BrowserClient;
use leptos::server_fn::codec::{FromRes, GetUrl, IntoReq, Json};
use leptos::server_fn::request::browser::BrowserRequest;
use leptos::server_fn::response::ClientRes;
use leptos::server_fn::response::browser::BrowserResponse;
use leptos::web_sys::js_sys::Promise;
use leptos::web_sys::{AddEventListenerOptions, VisibilityState};
use wasm_bindgen_futures::JsFuture;

use super::NewerChanges;

/// Milliseconds between two questions, and at most after many failures.
const PAUSE: i32 = 15_000;
const LONGEST_PAUSE: i32 = 240_000;

/// What came of a question.
pub(super) enum Answer {
    /// So many changes are newer.
    Newer(u16),
    /// Nobody answered, or not as the console does.
    Away,
    /// The operator may not ask any more.
    Refused,
}

/// Waits until it is time to ask; twice as long after each failure, and as long as the tab is out of sight.
pub(super) async fn wait(failures: u32) {
    let pause = PAUSE.saturating_mul(2_i32.saturating_pow(failures)).min(LONGEST_PAUSE);
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

/// Asks the server function. It is called by its parts, because the call as a whole hides the status of a refusal.
pub(super) async fn ask(query: &str, since: &str) -> Answer {
    let question = NewerChanges { query: query.to_owned(), since: since.to_owned() };
    let request: Result<BrowserRequest, ServerFnError> =
        IntoReq::<GetUrl, _, _>::into_req(question, NewerChanges::PATH, "application/json");
    let Ok(request) = request else { return Answer::Away };
    let response: Result<BrowserResponse, ServerFnError> =
        <BrowserClient as Client<ServerFnError>>::send(request).await;
    let Ok(response) = response else { return Answer::Away };
    match ClientRes::<ServerFnError>::status(&response) {
        200 => {
            let newer: Result<_, ServerFnError> = <u16 as FromRes<Json, _, _>>::from_res(response).await;
            newer.map_or(Answer::Away, Answer::Newer)
        }
        401 | 403 => Answer::Refused,
        _ => Answer::Away,
    }
}
