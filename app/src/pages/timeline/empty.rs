//! The message of an empty page: the reason, and links.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::query::{Filter, Position, RelativeRange};

use super::InvalidFilter;
use super::filter_fields::{label, link_to};
use super::presets::TimelineWindow;
use crate::PageContext;
use crate::components::one_line;

/// Renders the reason why no change is listed. `has_changes` tells an empty trail from a narrow filter.
pub(super) fn no_changes(
    context: &PageContext,
    filter: &Filter,
    position: Position,
    has_changes: bool,
    now: DateTime<Utc>,
) -> impl IntoView + use<> {
    let newest = || ("Go to the newest changes", context.timeline_href(filter));
    let window = |text, window: TimelineWindow| (text, window.href(context, filter));
    let (title, text, links) = if !has_changes {
        (
            "Nothing has been recorded yet",
            "The first change of a captured table appears here as soon as its transaction commits."
                .to_owned(),
            vec![],
        )
    } else if position != Position::Newest {
        (
            "There is nothing beyond this point",
            "These changes may have been removed by the retention policy.".to_owned(),
            vec![newest()],
        )
    } else if filter.from.is_some_and(|from| from > now) {
        (
            "This time window is in the future",
            "It starts after the present time, in UTC, so nothing has been recorded in it yet.".to_owned(),
            vec![
                window("Last 24 hours", TimelineWindow::Last(RelativeRange::LastDay)),
                window("All time", TimelineWindow::All),
            ],
        )
    } else {
        let links = match (filter.from, filter.to) {
            (None, None) => vec![("Show every change", context.timeline_href(&Filter::default()))],
            _ => vec![
                window("Last 7 days", TimelineWindow::Last(RelativeRange::LastWeek)),
                window("Last 30 days", TimelineWindow::Last(RelativeRange::LastMonth)),
                window("All time", TimelineWindow::All),
            ],
        };
        ("No change matches", conditions(filter), links)
    };
    let scoped = context
        .is_scoped
        .then(|| view! { <p>"Your view is limited: changes outside of it are not shown."</p> });
    let links: Vec<_> =
        links.into_iter().map(|(text, href)| view! { <a class="button" href=href>{text}</a> }).collect();
    view! {
        <section class="empty">
            <h2>{title}</h2>
            <p>{text}</p>
            {scoped}
            <p class="ways">{links}</p>
        </section>
    }
}

/// Names the conditions of the filter.
fn conditions(filter: &Filter) -> String {
    let window = if filter.from.is_some() || filter.to.is_some() { " in this window" } else { "" };
    let names: Vec<String> = filter
        .to_pairs()
        .into_iter()
        .filter(|(key, _)| !matches!(*key, "from" | "to"))
        .map(|(key, _)| label(key).to_lowercase())
        .collect();
    match names.split_last() {
        None => format!("There are recorded changes, but none{window}."),
        Some((name, [])) => format!("There are recorded changes, but none of this {name}{window}."),
        Some((last, names)) => {
            format!("There are recorded changes, but none of this {} and {last}{window}.", names.join(", "))
        }
    }
}

/// Renders the message about a filter that cannot be used.
pub(super) fn invalid_filter(context: &PageContext, invalid: InvalidFilter) -> impl IntoView + use<> {
    let start = context.href("/timeline");
    let correct = link_to(&invalid.key).map(|href| {
        let label = label(&invalid.key);
        view! { <p>"Correct "<a href=href>{label}</a>" above, then apply the filter again."</p> }
    });
    view! {
        <section class="empty" role="alert">
            <h2>"This filter cannot be read"</h2>
            <p>{one_line(invalid.message)}</p>
            {correct}
            <p class="ways"><a class="button" href=start>"Last 24 hours"</a></p>
        </section>
    }
}
