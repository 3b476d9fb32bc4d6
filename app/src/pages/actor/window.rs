//! How far back a page looks.

use chrono::TimeDelta;
use leptos::prelude::*;

/// How far back an actor's page looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorWindow {
    /// The word in the address.
    pub word: &'static str,
    /// In words, after "the last".
    pub name: &'static str,
    /// The length.
    pub length: TimeDelta,
}

impl ActorWindow {
    /// Every window, the shortest first.
    pub const ALL: [Self; 4] = [
        Self { word: "1h", name: "hour", length: TimeDelta::hours(1) },
        Self { word: "24h", name: "24 hours", length: TimeDelta::hours(24) },
        Self { word: "7d", name: "7 days", length: TimeDelta::days(7) },
        Self { word: "30d", name: "30 days", length: TimeDelta::days(30) },
    ];

    /// The window of an address that names none.
    pub const DEFAULT: Self = Self::ALL[1];
}

/// Links to every window; the current one is marked.
pub(super) fn windows(current: ActorWindow, path: &str) -> impl IntoView + use<> {
    let links: Vec<_> = ActorWindow::ALL
        .into_iter()
        .map(|window| {
            let marked = (window == current).then_some("true");
            let href = format!("{path}?window={}", window.word);
            view! { <a class="button" href=href aria-current=marked>"Last "{window.name}</a> }
        })
        .collect();
    view! { <nav class="windows" aria-label="Window">{links}</nav> }
}
