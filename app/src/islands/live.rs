//! Counts new changes while the timeline is open.

use leptos::prelude::*;

use super::NewerCount;

/// The state of the live updates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Watching,
    Paused,
    /// The server did not answer; it is asked again, less often.
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only the browser asks"))]
    Away,
    /// The server denies the operator.
    Ended,
}

impl State {
    const fn message(self) -> &'static str {
        match self {
            Self::Watching => "Live.",
            Self::Paused => "Live updates are paused.",
            Self::Away => "Live updates stopped: the server does not answer. Retrying.",
            Self::Ended => "Live updates stopped: your session has ended. Reload the page to sign in again.",
        }
    }
}

/// The message if the mark of the page does not contain every transaction that was open.
const MAY_BE_MISSING: &str = "Live. Some that were being written when this page was read may be missing: \
                              reload it to see them.";

/// The live part of the timeline. It says how many changes have become visible since the page was read, and links to them.
/// The list that is being read never moves.
#[island]
pub fn LiveChanges(
    /// The timeline's query, without a position.
    query: String,
    /// The mark of the snapshot that the page shows.
    since: String,
) -> impl IntoView {
    let state = RwSignal::new(State::Watching);
    let newer = RwSignal::new(NewerCount::default());
    // An address without a path refers to the path of the page.
    let newest = format!("?{query}");
    Effect::new(move |_| watch(query.clone(), since.clone(), state, newer));
    let paused = move || state.get() == State::Paused;
    let message = move || {
        match (state.get(), newer.get()) {
            (State::Watching, NewerCount { count: 0, truncated: true, .. }) => MAY_BE_MISSING,
            (State::Watching, NewerCount { count: 0, .. }) => State::Watching.message(),
            // The link says it as well, and a second line would move the list.
            (State::Watching, _) => "",
            (state, _) => state.message(),
        }
    };
    let pause = move |_| state.set(if paused() { State::Watching } else { State::Paused });
    view! {
        <div class="live needs-script">
            <p role="status">
                <a class="button" href=newest hidden=move || newer.get().count == 0>{move || describe(newer.get())}</a>
                " "
                <span>{message}</span>
            </p>
            <button
                type="button"
                aria-pressed=move || if paused() { "true" } else { "false" }
                hidden=move || state.get() == State::Ended
                on:click=pause
            >
                "Pause"
            </button>
        </div>
    }
}

/// Describes the number of new changes, and how many of them are not at the top of the list.
fn describe(NewerCount { count, late, truncated }: NewerCount) -> String {
    if count == 0 {
        return String::new();
    }
    let more = if truncated { " or more" } else { "" };
    let changes = if count == 1 && !truncated { "change" } else { "changes" };
    let late = match late {
        0 => String::new(),
        _ if late == count && count == 1 => ", with an earlier time".to_owned(),
        _ if late == count => ", with earlier times".to_owned(),
        1 => ", 1 of them with an earlier time".to_owned(),
        _ => format!(", {late} of them with earlier times"),
    };
    format!("{count}{more} new {changes}{late}")
}

#[cfg(not(feature = "hydrate"))]
fn watch(_query: String, _since: String, _state: RwSignal<State>, _newer: RwSignal<NewerCount>) {}

#[cfg(feature = "hydrate")]
fn watch(query: String, since: String, state: RwSignal<State>, newer: RwSignal<NewerCount>) {
    use leptos::server_fn::ServerFn;
    use leptos::server_fn::codec::{GetUrl, IntoReq};

    use super::NewerChanges;
    use super::poll::{self, Outcome};

    /// The longest pause after several failures, in milliseconds.
    const MAX_PAUSE_MS: u32 = 240_000;

    leptos::task::spawn_local(async move {
        let title = document().title();
        let mut pause = poll::PAUSE_MS;
        while state.get_untracked() != State::Ended {
            poll::wait(pause).await;
            if state.get_untracked() == State::Paused {
                continue;
            }
            let request = NewerChanges { query: query.clone(), since: since.clone() };
            let request = IntoReq::<GetUrl, _, _>::into_req(request, NewerChanges::PATH, "application/json");
            let outcome = poll::call(request).await;
            if state.get_untracked() == State::Paused {
                continue;
            }
            // The pause doubles after each failure.
            pause = if matches!(outcome, Outcome::Unavailable) {
                (pause * 2).min(MAX_PAUSE_MS)
            } else {
                poll::PAUSE_MS
            };
            state.set(match outcome {
                Outcome::Value(now) => {
                    if now != newer.get_untracked() {
                        newer.set(now);
                        let number = if now.count > 0 { format!("({}) ", now.count) } else { String::new() };
                        document().set_title(&format!("{number}{title}"));
                    }
                    State::Watching
                }
                Outcome::Unavailable => State::Away,
                Outcome::Denied => State::Ended,
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_changes_and_a_truncated_count_are_told_message() {
        for (count, late, truncated, expected) in [
            (0, 0, false, ""),
            (0, 0, true, ""),
            (1, 0, false, "1 new change"),
            (1, 0, true, "1 or more new changes"),
            (12, 0, false, "12 new changes"),
            (100, 0, true, "100 or more new changes"),
            (1, 1, false, "1 new change, with an earlier time"),
            (2, 2, false, "2 new changes, with earlier times"),
            (12, 1, false, "12 new changes, 1 of them with an earlier time"),
            (100, 3, true, "100 or more new changes, 3 of them with earlier times"),
        ] {
            assert_eq!(describe(NewerCount { count, late, truncated }), expected);
        }
    }
}
