//! The coverage pill in the header: whether every table is captured.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The state of the pill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pill {
    /// The number of tables that need capture; `None` before the first check.
    pub uncovered: Option<u32>,
    /// Seconds since the last check that succeeded.
    pub age: u32,
    /// True if the result may be outdated.
    pub is_stale: bool,
    /// Milliseconds until the next check is due.
    pub next: u32,
}

impl Pill {
    const fn state(self) -> &'static str {
        match self.uncovered {
            Some(0) => "captured",
            Some(_) => "needs-capture",
            None => "unknown",
        }
    }

    fn label(self) -> String {
        match self.uncovered {
            Some(0) => "All tables captured".to_owned(),
            Some(1) => "1 table needs capture".to_owned(),
            Some(count) => format!("{count} tables need capture"),
            None => "Coverage unknown".to_owned(),
        }
    }

    fn staleness(self) -> Option<String> {
        let is_known = self.uncovered.is_some();
        self.is_stale.then(|| match self.age {
            _ if !is_known => "not checked".to_owned(),
            age @ 0..120 => format!("stale, checked {age} s ago"),
            age @ 120..7_200 => format!("stale, checked {} min ago", age / 60),
            age => format!("stale, checked {} h ago", age / 3_600),
        })
    }
}

/// The context that the server provides to the server function.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, Copy)]
pub struct CoverageStatusContext(pub Pill);

/// Returns the present state of the pill.
///
/// # Errors
/// Fails outside of the console, which provides the context.
#[server(name = CoverageNow, prefix = "/api", endpoint = "coverage", input = server_fn::codec::GetUrl)]
pub async fn coverage_now() -> Result<Pill, ServerFnError> {
    let now = use_context::<CoverageStatusContext>();
    now.map(|CoverageStatusContext(pill)| pill)
        .ok_or_else(|| ServerFnError::new("coverage is checked by the console only"))
}

/// The pill, with a link to the coverage page. In the browser it asks again each time a check is due.
#[island]
pub fn CoveragePill(
    /// The state at the time the page was rendered.
    pill: Pill,
    /// The address of the coverage page.
    href: String,
) -> impl IntoView {
    let pill = RwSignal::new(pill);
    Effect::new(move |_| watch(pill));
    view! {
        <span class="coverage-pill">
            <span role="status">
                <a class="pill" href=href data-state=move || pill.get().state()>{move || pill.get().label()}</a>
            </span>
            <span class="stale">{move || pill.get().staleness()}</span>
        </span>
    }
}

#[cfg(not(feature = "hydrate"))]
fn watch(_pill: RwSignal<Pill>) {}

#[cfg(feature = "hydrate")]
fn watch(pill: RwSignal<Pill>) {
    use leptos::server_fn::ServerFn;
    use leptos::server_fn::codec::{GetUrl, IntoReq};
    use leptos::web_sys::js_sys::{Date, Math};

    use super::coverage_refresh;
    use super::poll::{self, Outcome};

    leptos::task::spawn_local(async move {
        let mut known_at = Date::now() - f64::from(pill.get_untracked().age) * 1000.0;
        loop {
            // A random delay spreads the requests of many browsers.
            let spread = Math::random() * 500.0;
            poll::wait(pill.get_untracked().next.saturating_add(spread as u32 + 100)).await;
            let request =
                IntoReq::<GetUrl, _, _>::into_req(CoverageNow {}, CoverageNow::PATH, "application/json");
            match poll::call::<Pill>(request).await {
                Outcome::Value(now) => {
                    known_at = Date::now() - f64::from(now.age) * 1000.0;
                    pill.set(now);
                    coverage_refresh::refresh().await;
                }
                outcome @ (Outcome::Unavailable | Outcome::Denied) => {
                    let age = (Date::now() - known_at) / 1000.0;
                    pill.update(|pill| {
                        pill.is_stale = true;
                        pill.age = age as u32;
                        pill.next = poll::PAUSE_MS;
                    });
                    coverage_refresh::away();
                    if matches!(outcome, Outcome::Denied) {
                        return;
                    }
                }
            }
        }
    });
}
