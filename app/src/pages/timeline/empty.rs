//! Why a page shows no change, and what to do.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::query::{Filter, Position};

use super::FilterMistake;
use super::filter_fields::{label, link_to};
use super::presets::window_href;
use crate::PageContext;

/// For a filter that was understood. `has_changes` tells an empty trail from a narrow filter.
pub(super) fn no_changes(
    context: &PageContext,
    filter: &Filter,
    position: Position,
    has_changes: bool,
    now: DateTime<Utc>,
) -> impl IntoView + use<> {
    let newest = || ("Go to the newest changes", context.timeline_href(filter));
    let window = |text, word| (text, window_href(context, filter, word));
    let (title, text, ways) = if !has_changes {
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
            "This window has not begun yet",
            "It starts in the future, by UTC. Nothing can have been recorded in it.".to_owned(),
            vec![window("Last 24 hours", "24h"), window("All time", "all")],
        )
    } else {
        let ways = match (filter.from, filter.to) {
            (None, None) => vec![("Show every change", context.timeline_href(&Filter::default()))],
            _ => vec![window("Last 7 days", "7d"), window("Last 30 days", "30d"), window("All time", "all")],
        };
        ("No change matches", conditions(filter), ways)
    };
    let scoped =
        context.scoped.then(|| view! { <p>"Your view is limited: changes outside of it are not shown."</p> });
    let ways: Vec<_> =
        ways.into_iter().map(|(text, href)| view! { <a class="button" href=href>{text}</a> }).collect();
    view! {
        <section class="empty">
            <h2>{title}</h2>
            <p>{text}</p>
            {scoped}
            <p class="ways">{ways}</p>
        </section>
    }
}

/// Names what was asked for.
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

/// For a filter that could not be read.
pub(super) fn not_read(context: &PageContext, mistake: FilterMistake) -> impl IntoView + use<> {
    let start = context.href("/timeline");
    let correct = link_to(&mistake.key).map(|href| {
        let label = label(&mistake.key);
        view! { <p>"Correct "<a href=href>{label}</a>" above, then apply the filter again."</p> }
    });
    view! {
        <section class="empty" role="alert">
            <h2>"This filter cannot be read"</h2>
            <p>{mistake.sentence}</p>
            {correct}
            <p class="ways"><a class="button" href=start>"Last 24 hours"</a></p>
        </section>
    }
}
