//! The message of an empty page: how the filter was understood, what was probably meant, and links.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::query::{EmptyResult, ExcludingCondition, Filter, Position, RelativeRange, UnknownValue};

use super::InvalidFilter;
use super::filter_fields::{label, link_to};
use super::presets::TimelineWindow;
use crate::PageContext;
use crate::components::{NearValue, Timestamp, counted_up_to, did_you_mean, one_line, sentence_parts};
use crate::html::{Html, IntoHtml};

/// The heading, the sentences below it, and the links of a message.
struct Message {
    title: &'static str,
    sentences: Vec<Html>,
    links: Vec<(String, String)>,
}

/// Renders the reason why no change is listed. `has_changes` tells an empty trail from a narrow filter.
pub(super) fn no_changes(
    context: &PageContext,
    filter: &Filter,
    position: Position,
    has_changes: bool,
    explained: Option<EmptyResult>,
    now: DateTime<Utc>,
) -> impl IntoView + use<> {
    let plain = |title, text: &'static str, links: Vec<(&str, String)>| Message {
        title,
        sentences: vec![text.into_html()],
        links: links.into_iter().map(|(text, href)| (text.to_owned(), href)).collect(),
    };
    let Message { title, sentences, links } = if !has_changes {
        plain(
            "Nothing has been recorded yet",
            "The first change of a captured table appears here as soon as its transaction commits.",
            vec![],
        )
    } else if position != Position::Newest {
        plain(
            "There is nothing beyond this point",
            "These changes may have been removed by the retention policy.",
            vec![("Go to the newest changes", context.timeline_href(filter))],
        )
    } else if filter.from.is_some_and(|from| from > now) {
        let window = |window: TimelineWindow| window.href(context, &filter.to_pairs());
        plain(
            "This time window is in the future",
            "It starts after the present time, so nothing has been recorded in it yet.",
            vec![
                ("Last 24 hours", window(TimelineWindow::Last(RelativeRange::LastDay))),
                ("All time", window(TimelineWindow::All)),
            ],
        )
    } else {
        no_match(context, filter, explained, now)
    };
    let scoped = context.visible_part().map(|sentence| view! { <p>{one_line(sentence)}</p> });
    let sentences: Vec<_> = sentences.into_iter().map(|sentence| view! { <p>{sentence}</p> }).collect();
    let links: Vec<_> =
        links.into_iter().map(|(text, href)| view! { <a class="button" href=href>{text}</a> }).collect();
    view! {
        <section class="empty">
            <h2>{title}</h2>
            {sentences}
            {scoped}
            <p class="ways">{links}</p>
        </section>
    }
}

/// Explains why nothing matches: what the filter means, which of its values do not exist, and which condition excludes everything.
fn no_match(
    context: &PageContext,
    filter: &Filter,
    explained: Option<EmptyResult>,
    now: DateTime<Utc>,
) -> Message {
    let mut sentences = vec![sentence_parts(filter.describe_empty(now))];
    let mut links = Vec::new();
    let is_explained = explained.is_some();
    if let Some(EmptyResult { unknown, excluding, truncated, .. }) = explained {
        let has_unknown = !unknown.is_empty();
        sentences.extend(unknown.into_iter().map(|unknown| unknown_value(context, filter, unknown)));
        let is_only = excluding.len() == 1;
        let conditions = filter.to_pairs().len();
        if excluding.is_empty() && !truncated && !has_unknown && conditions > 1 {
            sentences.push("Leaving out any one of the conditions finds nothing either.".into_html());
        }
        if truncated {
            sentences.push("The search time ended before every condition was tried.".into_html());
        }
        for condition in excluding {
            sentences.push(excluding_condition(filter, &condition, is_only, now));
            links.extend(links_without(context, filter, condition, now));
        }
    }
    if !is_explained && let Some(window) = wider_window(filter, None, now) {
        links.push(("All time".to_owned(), window.href(context, &filter.to_pairs())));
    }
    if links.is_empty() {
        links.push(("Show every change".to_owned(), context.timeline_href(&Filter::default())));
    }
    Message { title: "No changes found", sentences, links }
}

/// Renders the values that were not found, for a page whose search was stopped.
pub(super) fn unknown_values(
    context: &PageContext,
    filter: &Filter,
    explained: Option<EmptyResult>,
) -> impl IntoView + use<> {
    let unknown = explained.map(|explained| explained.unknown).unwrap_or_default();
    let values = unknown.into_iter().map(|unknown| {
        let value = unknown_value(context, filter, unknown);
        view! { <p>{value}</p> }
    });
    let values: Vec<_> = values.collect();
    (!values.is_empty()).then(|| view! { <section class="empty">{values}</section> })
}

/// Renders that a value does not exist, and the values that were probably meant.
fn unknown_value(context: &PageContext, filter: &Filter, unknown: UnknownValue) -> Html {
    let sentence = sentence_parts(unknown.describe(filter));
    let near = unknown.suggestions.into_iter();
    let near = near.map(|near| NearValue::suggested(near, |near| context.timeline_href(&near.filter)));
    view! { {sentence}" "{did_you_mean(near.collect())} }.into_html()
}

/// Renders how many changes there are without a condition.
fn excluding_condition(
    filter: &Filter,
    condition: &ExcludingCondition,
    is_only: bool,
    now: DateTime<Utc>,
) -> Html {
    let name = sentence_parts(filter.describe_condition(condition.key, now));
    let count = counted_up_to(condition.count, "change");
    let newest = (condition.key == ExcludingCondition::WINDOW)
        .then(|| view! { ", the newest on "<Timestamp at=condition.newest/> });
    match is_only {
        true => view! { "Only "{name}" excludes everything. Without it: "{count}{newest}"." }.into_html(),
        false => view! { "Without "{name}": "{count}{newest}"." }.into_html(),
    }
}

/// Returns links without a condition: for the time window also the smallest one that contains a change.
fn links_without(
    context: &PageContext,
    filter: &Filter,
    condition: ExcludingCondition,
    now: DateTime<Utc>,
) -> Vec<(String, String)> {
    if condition.key != ExcludingCondition::WINDOW {
        let text = format!("Without the filter {}", label(condition.key));
        return vec![(text, context.timeline_href(&condition.filter))];
    }
    let pairs = filter.to_pairs();
    let wider = wider_window(filter, Some(condition.newest), now);
    let wider = wider.map(|window| (window.name(), window.href(context, &pairs)));
    let all = ("All time".to_owned(), TimelineWindow::All.href(context, &pairs));
    wider.into_iter().filter(|(name, _)| *name != all.0).chain([all.clone()]).collect()
}

/// Returns the smallest window that contains a moment and is not the one that is chosen; all time if the moment is not known.
fn wider_window(
    filter: &Filter,
    newest: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<TimelineWindow> {
    if filter.from.is_none() && filter.to.is_none() {
        return None;
    }
    let chosen = TimelineWindow::of(filter, now);
    let contains =
        |range: &RelativeRange| newest.is_some_and(|newest| newest <= now && now - newest < range.length());
    let range = RelativeRange::ALL.into_iter().find(contains).map(TimelineWindow::Last);
    Some(range.filter(|range| Some(*range) != chosen).unwrap_or(TimelineWindow::All))
}

/// Renders the message about a filter that cannot be used.
pub(super) fn invalid_filter(context: &PageContext, invalid: InvalidFilter) -> impl IntoView + use<> {
    let start = context.href("/timeline");
    let correct = link_to(&invalid.key).filter(|_| invalid.near.is_empty()).map(|href| {
        let label = label(&invalid.key);
        view! { <p>"Correct "<a href=href>{label}</a>" above, then apply the filter again."</p> }
    });
    let near = did_you_mean(invalid.near).map(|near| view! { <p>{near}</p> });
    view! {
        <section class="empty" role="alert">
            <h2>"This filter has a mistake"</h2>
            <p>{sentence_parts(invalid.message)}</p>
            {near}
            {correct}
            <p class="ways"><a class="button" href=start>"Last 24 hours"</a></p>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn offered_window_contains_a_change_and_is_not_the_chosen_one() {
        let now: DateTime<Utc> = "2026-11-22T12:00:30Z".parse().unwrap();
        let last = |range: RelativeRange| Filter { from: range.before(now).from, ..Filter::default() };
        for (filter, age, offered) in [
            (last(RelativeRange::LastHour), TimeDelta::hours(3), "Last 24 hours"),
            (last(RelativeRange::LastDay), TimeDelta::days(3), "Last 7 days"),
            (last(RelativeRange::LastDay), TimeDelta::days(13), "Last 30 days"),
            (last(RelativeRange::LastWeek), TimeDelta::days(90), "All time"),
            (last(RelativeRange::LastMonth), TimeDelta::days(31), "All time"),
            // A change that was recorded since the page was read must not lead back to the same page.
            (last(RelativeRange::LastDay), TimeDelta::hours(2), "All time"),
        ] {
            let window = wider_window(&filter, Some(now - age), now).unwrap();
            assert_eq!(window.name(), offered, "{filter:?}");
            assert_ne!(Some(window), TimelineWindow::of(&filter, now));
        }
        assert_eq!(wider_window(&Filter::default(), Some(now), now), None);
    }
}
