//! Links to time windows that are named by their length.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::query::{Filter, RelativeRange, Selection};

use super::InvalidFilter;
use super::filter_fields::CUSTOM_WINDOW;
use crate::PageContext;

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

    /// Returns the name of the window, as a link alone has it: `Last 24 hours`.
    pub(super) fn name(self) -> String {
        match self {
            Self::Last(window) => format!("Last {}", window.name()),
            Self::All => "All time".to_owned(),
        }
    }

    /// Returns the address of the timeline with this window and the other pairs, as they were typed.
    pub(super) fn href<K: AsRef<str>>(self, context: &PageContext, typed: &[(K, String)]) -> String {
        let is_other = |key: &str| !matches!(key, "from" | "to" | "window" | "older" | "newer");
        let others = typed.iter().filter(|(key, value)| is_other(key.as_ref()) && !value.trim().is_empty());
        let mut pairs: Vec<(&str, String)> =
            others.map(|(key, value)| (key.as_ref(), value.clone())).collect();
        pairs.push(("window", self.word().to_owned()));
        context.timeline_with(&pairs)
    }

    /// Returns the window of a filter, if it is one of these.
    pub(super) fn of(filter: &Filter, now: DateTime<Utc>) -> Option<Self> {
        match (filter.from, filter.to) {
            (None, None) => Some(Self::All),
            (Some(from), None) => RelativeRange::since(from, now).map(Self::Last),
            _ => None,
        }
    }
}

/// Renders the links, each with the other pairs as they were typed, and marks the current window.
pub(super) fn presets(
    context: &PageContext,
    typed: &[(String, String)],
    filter: Result<&Filter, &InvalidFilter>,
    now: DateTime<Utc>,
) -> impl IntoView + use<> {
    let current = match filter {
        Ok(filter) => TimelineWindow::of(filter, now),
        Err(invalid) if matches!(&*invalid.key, "from" | "to" | "window") => None,
        Err(_) => {
            let readable = typed.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            let filter = Filter::from_readable_pairs(readable.clone());
            // A time that cannot be read has no window either.
            let is_given =
                |name: &str| readable.clone().any(|(key, value)| key == name && !value.trim().is_empty());
            let is_unreadable = [("from", filter.from), ("to", filter.to)]
                .iter()
                .any(|(key, read)| is_given(key) && read.is_none());
            if is_unreadable { None } else { TimelineWindow::of(&filter, now) }
        }
    };
    let links: Vec<_> = TimelineWindow::all()
        .map(|window| {
            let prefix = (window != TimelineWindow::All)
                .then(|| view! { <span class="visually-hidden">"Last "</span> });
            let href = window.href(context, typed);
            let current = (current == Some(window)).then_some("true");
            view! { <a href=href aria-current=current>{prefix}{window.label()}</a> }
        })
        .collect();
    let other = current.is_none().then_some("true");
    view! {
        <div class="presets" role="group" aria-label="Window" data-windows="">
            {links} <a href=CUSTOM_WINDOW aria-current=other>"Custom"</a>
        </div>
    }
}

/// Renders the link that shows the changes of people only, or of everybody again.
pub(super) fn people_only(context: &PageContext, typed: &[(String, String)]) -> impl IntoView + use<> {
    let people = Selection::people().to_string();
    let is_on = typed.iter().any(|(key, value)| key == "actor" && value.trim() == people);
    let is_other = |key: &str| !matches!(key, "actor" | "older" | "newer");
    let others = typed.iter().filter(|(key, value)| is_other(key) && !value.trim().is_empty());
    let mut pairs: Vec<(&str, String)> = others.map(|(key, value)| (key.as_str(), value.clone())).collect();
    pairs.extend((!is_on).then_some(("actor", people)));
    let href = context.timeline_with(&pairs);
    view! { <div class="presets"><a href=href aria-current=is_on.then_some("true")>"People only"</a></div> }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn window_keeps_its_link_marked_while_it_is_read() {
        let now: DateTime<Utc> = "2026-11-22T12:00:30Z".parse().unwrap();
        let marked = TimelineWindow::of;
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
