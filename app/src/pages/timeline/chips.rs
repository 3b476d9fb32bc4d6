//! The conditions of the filter as chips.

use std::fmt::Display;

use chrono::{DateTime, Datelike, TimeZone, Timelike, Utc};
use leptos::prelude::*;
use threadline::query::Filter;

use super::condition_words::{Word, condition_in_words};
use super::filter_fields::label;
use super::presets::TimelineWindow;
use crate::html::{Html, IntoHtml};
use crate::{PageContext, Zone};

/// Renders one chip for each condition, with a link that removes it. The time window is one condition.
pub(super) fn chips(context: &PageContext, filter: &Filter, now: DateTime<Utc>) -> impl IntoView + use<> {
    let pairs = filter.to_pairs();
    let without = |left_out: &[&str]| {
        let rest: Vec<_> = pairs.iter().filter(|(key, _)| !left_out.contains(key)).cloned().collect();
        context.timeline_with(&rest)
    };
    let conditions = pairs.iter().filter(|(key, _)| !matches!(*key, "from" | "to")).map(|(key, value)| {
        // A key is ambiguous without its table.
        let href = if *key == "table" { without(&["table", "key"]) } else { without(&[key]) };
        let words = condition_in_words(context.names(), filter, key, value).into_iter().map(Word::view);
        let words: Vec<_> = words.collect();
        chip(words.into_html(), format!("Remove the filter {}", label(key)), href)
    });
    let window = describe_window(filter, Zone::current(), now).map(|exact| {
        let utc = describe_window(filter, Zone::default(), now).unwrap_or_default();
        let utc = format!("{utc} UTC");
        let words = match TimelineWindow::of(filter, now) {
            Some(preset) => view! { <bdi title=format!("{exact} ({utc})")>{preset.name()}</bdi> }.into_html(),
            None => view! { <bdi title=utc>{exact}</bdi> }.into_html(),
        };
        chip(words, "Remove the window".to_owned(), without(&["from", "to"]))
    });
    let chips: Vec<_> = conditions.chain(window).collect();
    (!chips.is_empty()).then(|| view! { <ul class="chips" aria-label="Active filters">{chips}</ul> })
}

fn chip(words: Html, remove: String, href: String) -> impl IntoView {
    view! {
        <li class="chip">
            <span>{words}</span>
            <a href=href aria-label=remove.clone() title=remove>"×"</a>
        </li>
    }
}

/// Describes the time window: `Since 21 November, 09:30`.
fn describe_window(filter: &Filter, zone: Zone, now: DateTime<Utc>) -> Option<String> {
    let now = zone.local(now);
    let [from, to] = [filter.from, filter.to].map(|at| at.map(|at| zone.local(at)));
    match (from, to) {
        (None, None) => None,
        (Some(from), None) => Some(format!("Since {}", format_time(&from, &now))),
        (None, Some(to)) => Some(format!("Until {}", format_time(&to, &now))),
        (Some(from), Some(to)) if from.date_naive() == to.date_naive() => {
            Some(format!("{} to {}", format_time(&from, &now), to.format(time_of_day(&to))))
        }
        (Some(from), Some(to)) => Some(format!("{} to {}", format_time(&from, &now), format_time(&to, &now))),
    }
}

/// Formats a time as precisely as it was given.
fn format_time<Z: TimeZone>(at: &DateTime<Z>, now: &DateTime<Z>) -> String
where
    Z::Offset: Display,
{
    let date = if at.year() == now.year() { "%-d %B" } else { "%-d %B %Y" };
    at.format(&format!("{date}, {}", time_of_day(at))).to_string()
}

fn time_of_day(at: &impl Timelike) -> &'static str {
    match (at.second(), at.nanosecond()) {
        (0, 0) => "%H:%M",
        (_, 0) => "%H:%M:%S",
        _ => "%H:%M:%S%.f",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_window_is_described_as_precisely_as_given() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let words = |pairs: &[(&str, &str)]| {
            describe_window(&Filter::from_pairs(pairs.iter().copied()).unwrap().0, Zone::default(), now)
                .unwrap_or_default()
        };
        assert_eq!(words(&[]), "");
        assert_eq!(words(&[("from", "2026-11-21T09:30")]), "Since 21 November, 09:30");
        assert_eq!(words(&[("to", "2025-12-31T23:59:59")]), "Until 31 December 2025, 23:59:59");
        assert_eq!(
            words(&[("from", "2026-11-21T09:30"), ("to", "2026-11-21T09:45")]),
            "21 November, 09:30 to 09:45"
        );
        assert_eq!(
            words(&[("from", "2026-11-21T00:00"), ("to", "2026-11-22T00:00:00.000001")]),
            "21 November, 00:00 to 22 November, 00:00:00.000001"
        );
    }
}
