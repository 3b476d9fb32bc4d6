//! The strip of bars above the list: when changes happened, and links to a part of the window.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use threadline::query::{Activity, ActivityBar, ActivitySegment, Filter};

use crate::PageContext;
use crate::components::{counted, local};
use crate::html::IntoHtml;

/// The height of the strip, in the units of its view box.
const HEIGHT: usize = 24;
/// The width of a bar with the distance to the next one, in the same units.
const BAR: usize = 10;
/// The width of a bar alone.
const BAR_INK: usize = 8;

/// Renders the bars, a link for each segment, and links to the windows before and after this one.
pub(super) fn activity_strip(
    context: &PageContext,
    filter: &Filter,
    activity: &Activity,
    now: DateTime<Utc>,
) -> impl IntoView + use<> {
    let [from, to] = activity.window;
    let form = if to - from <= TimeDelta::days(2) { "%H:%M" } else { "%-d %b" };
    let within = |from: DateTime<Utc>, to: Option<DateTime<Utc>>| {
        context.timeline_href(&Filter { from: Some(from), to, ..filter.clone() })
    };
    let segments: Vec<_> = activity
        .segments()
        .into_iter()
        .filter(|segment| segment.total.count > 0)
        .map(|segment| {
            let [first, last] = segment.window;
            // A segment that ends with the window stays open if the window is.
            let href = within(first, if last == to { filter.to } else { Some(last) });
            let (x, width) = (segment.first_bar * BAR, segment.bar_count * BAR);
            view! { <a href=href><title>{words(&segment, form)}</title><rect x=x.to_string() width=width.to_string()/></a> }
        })
        .collect();
    let view_box = format!("0 0 {} {HEIGHT}", activity.bars.len() * BAR);
    let paths: Vec<_> = [
        ("many", bars(activity, |bar| if bar.is_truncated { bar.count } else { 0 })),
        ("bars", bars(activity, |bar| if bar.is_truncated { 0 } else { bar.count })),
        ("deleted", bars(activity, |bar| bar.deleted)),
    ]
    .into_iter()
    .filter(|(_, path)| !path.is_empty())
    .map(|(class, path)| view! { <path class=class d=path></path> })
    .collect();
    let span = TimeDelta::seconds((to - from).num_seconds().max(1));
    let earlier = within(from - span, Some(from));
    let later = filter.to.map(|_| to + span).map(|end| {
        let href = within(to, (end < now).then_some(end));
        view! { <a class="step" rel="next" href=href aria-label="Later">"›"</a> }
    });
    view! {
        <nav class="activity" aria-label="Activity">
            <a class="step" rel="prev" href=earlier aria-label="Earlier">"‹"</a>
            <span>{local(from, form)}</span>
            <svg viewBox=view_box preserveAspectRatio="none">{paths}{segments}</svg>
            <span>{if filter.to.is_none() { "now".to_owned() } else { local(to, form) }}</span>
            {later}
        </nav>
    }
    .into_compact_html()
}

/// Describes a segment: `16:00 to 18:00: 34 changes, 2 deleted`.
fn words(segment: &ActivitySegment, form: &str) -> String {
    let [first, last] = segment.window.map(|at| local(at, form));
    let ActivityBar { count, deleted, is_truncated, .. } = segment.total;
    let changes = counted(count, "change");
    let changes = if is_truncated { format!("more than {changes}") } else { changes };
    let deleted = if deleted > 0 { format!(", {deleted} deleted") } else { String::new() };
    format!("{first} to {last}: {changes}{deleted}")
}

/// Draws the bars whose `part` is not zero. Heights grow with the square root of the numbers, so that one change is still visible
/// beside a hundred.
fn bars(activity: &Activity, part: impl Fn(&ActivityBar) -> usize) -> String {
    let highest = activity.bars.iter().map(|bar| bar.count).max().unwrap_or_default().max(1);
    let mut path = String::new();
    for (index, bar) in activity.bars.iter().enumerate() {
        let part = part(bar);
        if part > 0 {
            let share = (part * HEIGHT * HEIGHT).div_ceil(highest).isqrt().clamp(2, HEIGHT);
            // Writing to a String cannot fail.
            let _ = write!(path, "M{} {HEIGHT}v-{share}h{BAR_INK}v{share}", index * BAR);
        }
    }
    path
}
