//! Links to time windows that are named by their length.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::query::{Filter, RelativeRange};

use crate::PageContext;
use crate::relative_range::max_length;

/// A time window that the timeline links to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimelineWindow {
    /// A window that ends now.
    Last(RelativeRange),
    /// All time.
    All,
}

impl TimelineWindow {
    /// Every window, in the order of the links.
    fn all() -> impl Iterator<Item = Self> {
        RelativeRange::ALL.into_iter().map(Self::Last).chain([Self::All])
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Last(window) => window.as_str(),
            Self::All => "all",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Last(RelativeRange::LastHour) => "1 h",
            Self::Last(RelativeRange::LastDay) => "24 h",
            Self::Last(RelativeRange::LastWeek) => "7 d",
            Self::Last(_) => "30 d",
            Self::All => "All time",
        }
    }

    /// Returns the address of the timeline with the other conditions of the filter and this window.
    pub(super) fn href(self, context: &PageContext, filter: &Filter) -> String {
        let mut pairs = filter.to_pairs();
        pairs.retain(|(key, _)| !matches!(*key, "from" | "to"));
        pairs.push(("window", self.word().to_owned()));
        context.timeline_with(&pairs)
    }

    /// Returns whether the filter has this window.
    fn is_of(self, filter: &Filter, now: DateTime<Utc>) -> bool {
        match (self, filter.from, filter.to) {
            (Self::All, None, None) => true,
            (Self::Last(window), Some(from), None) => {
                (window.length()..=max_length(window)).contains(&(now - from))
            }
            _ => false,
        }
    }
}

/// Renders the links, and marks the window of the filter. `custom` is the fragment of the field for another window.
pub(super) fn presets(
    context: &PageContext,
    filter: &Filter,
    now: DateTime<Utc>,
    custom: &'static str,
) -> impl IntoView + use<> {
    let current = TimelineWindow::all().find(|window| window.is_of(filter, now));
    let links: Vec<_> = TimelineWindow::all()
        .map(|window| {
            let prefix = (window != TimelineWindow::All)
                .then(|| view! { <span class="visually-hidden">"Last "</span> });
            let href = window.href(context, filter);
            let current = (current == Some(window)).then_some("true");
            view! { <a href=href aria-current=current>{prefix}{window.label()}</a> }
        })
        .collect();
    let other = current.is_none().then_some("true");
    view! {
        <div class="presets" role="group" aria-label="Window">
            {links} <a href=custom aria-current=other>"Custom"</a>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn window_keeps_its_link_marked_while_it_is_read() {
        let now: DateTime<Utc> = "2026-11-22T12:00:30Z".parse().unwrap();
        let marked = |filter: &Filter, now| TimelineWindow::all().find(|window| window.is_of(filter, now));
        assert_eq!(marked(&Filter::default(), now), Some(TimelineWindow::All));
        for window in RelativeRange::ALL {
            let mut filter = Filter { from: window.before(now).from, ..Filter::default() };
            let window = Some(TimelineWindow::Last(window));
            assert_eq!(marked(&filter, now), window);
            assert_eq!(marked(&filter, now + TimeDelta::minutes(3)), window);
            filter.to = Some(now);
            assert_eq!(marked(&filter, now), None);
        }
        let hour = Filter { from: RelativeRange::LastHour.before(now).from, ..Filter::default() };
        assert_eq!(marked(&hour, now + TimeDelta::hours(1)), None);
    }
}
