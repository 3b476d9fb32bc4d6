//! Changes that happen while one reads.

use leptos::prelude::*;

use super::NEWER_CAP;

/// How the live part of the timeline is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Watching,
    Paused,
    /// The server did not answer; it is asked again, less often.
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only the browser asks"))]
    Away,
    /// The server no longer lets the operator in.
    Ended,
}

impl State {
    const fn in_words(self) -> &'static str {
        match self {
            Self::Watching => "Watching for new changes.",
            Self::Paused => "Live updates are paused.",
            Self::Away => "Live updates stopped: the server does not answer. It will be asked again.",
            Self::Ended => "Live updates stopped: your session has ended. Reload the page to sign in again.",
        }
    }
}

/// Says how many changes are newer than the ones that are shown, and offers a way to them. What is being read never moves.
#[island]
pub fn LiveChanges(
    /// The timeline's query, without a position.
    query: String,
    /// The cursor of the newest change that is shown; empty when none is shown.
    since: String,
) -> impl IntoView {
    let state = RwSignal::new(State::Watching);
    let count = RwSignal::new(0_u16);
    // An address without a path is this page's own path.
    let newest = format!("?{query}");
    Effect::new(move |_| watch(query.clone(), since.clone(), state, count));
    let paused = move || state.get() == State::Paused;
    let message = move || {
        let state = state.get();
        // The offer says it as well, and a second line would move what stands below.
        if state == State::Watching && count.get() > 0 { "" } else { state.in_words() }
    };
    let pause = move |_| state.set(if paused() { State::Watching } else { State::Paused });
    view! {
        <div class="live needs-script">
            <p role="status">
                <a class="button" href=newest hidden=move || count.get() == 0>{move || in_words(count.get())}</a>
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

fn in_words(count: u16) -> String {
    match count {
        0 => String::new(),
        1 => "1 new change".to_owned(),
        NEWER_CAP.. => format!("{NEWER_CAP} or more new changes"),
        _ => format!("{count} new changes"),
    }
}

#[cfg(not(feature = "hydrate"))]
fn watch(_query: String, _since: String, _state: RwSignal<State>, _count: RwSignal<u16>) {}

#[cfg(feature = "hydrate")]
fn watch(query: String, since: String, state: RwSignal<State>, count: RwSignal<u16>) {
    use leptos::server_fn::ServerFn;
    use leptos::server_fn::codec::{GetUrl, IntoReq};

    use super::NewerChanges;
    use super::poll::{self, Answer};

    /// Milliseconds at most between two questions after many failures.
    const LONGEST_PAUSE: u32 = 240_000;

    leptos::task::spawn_local(async move {
        let title = document().title();
        let mut pause = poll::PAUSE;
        while state.get_untracked() != State::Ended {
            poll::wait(pause).await;
            if state.get_untracked() == State::Paused {
                continue;
            }
            let question = NewerChanges { query: query.clone(), since: since.clone() };
            let request = IntoReq::<GetUrl, _, _>::into_req(question, NewerChanges::PATH, "application/json");
            let answer = poll::ask(request).await;
            if state.get_untracked() == State::Paused {
                continue;
            }
            // Twice as long after each failure.
            pause = if matches!(answer, Answer::Away) { (pause * 2).min(LONGEST_PAUSE) } else { poll::PAUSE };
            state.set(match answer {
                Answer::Is(newer) => {
                    if newer != count.get_untracked() {
                        count.set(newer);
                        document().set_title(&format!("({newer}) {title}"));
                    }
                    State::Watching
                }
                Answer::Away => State::Away,
                Answer::Refused => State::Ended,
            });
        }
    });
}
