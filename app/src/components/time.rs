//! Times, in the time zone of the page: exact in the attributes, short in the text. In the browser the title contains the time in
//! the browser's zone too.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use leptos::prelude::*;

use crate::Zone;

/// The examples in an empty field for a time.
pub(crate) const TIME_EXAMPLE: &str = "yesterday, 2h, or 24 Nov 14:00";

/// A time of day, with the exact time in its attributes.
#[component]
pub(crate) fn Time(at: DateTime<Utc>) -> impl IntoView {
    let exact = exact(at);
    view! { <time datetime=exact.clone() title=exact>{local(at, "%H:%M:%S")}</time> }
}

/// Formats a time as it was recorded: `22 November 2026, 09:41:07.123456 UTC`.
pub(crate) fn exact_time(at: DateTime<Utc>) -> String {
    format!("{} {}", local(at, "%-d %B %Y, %H:%M:%S%.6f"), Zone::current().offset(at))
}

/// Formats a time for a sentence: `22 November 2026, 09:41:07 UTC`.
pub(crate) fn time_in_words(at: DateTime<Utc>) -> String {
    format!("{} {}", local(at, "%-d %B %Y, %H:%M:%S"), Zone::current().offset(at))
}

/// Formats a time in the zone of the page.
pub(crate) fn local(at: DateTime<Utc>, form: &str) -> String {
    Zone::current().local(at).format(form).to_string()
}

/// A date and a time of day: `22 November 2026, 09:41:07 UTC`.
#[component]
pub(crate) fn Timestamp(at: DateTime<Utc>) -> impl IntoView {
    let exact = exact(at);
    view! { <time datetime=exact.clone() title=exact>{time_in_words(at)}</time> }
}

/// A time of day, with its date if that is not today: `09:41:07`, `21 Nov, 09:41:07`.
#[component]
pub(crate) fn ShortTimestamp(at: DateTime<Utc>, now: DateTime<Utc>) -> impl IntoView {
    let exact = exact(at);
    let [day, today] = [at, now].map(|at| Zone::current().local(at).date_naive());
    let form = match () {
        () if day == today => "%H:%M:%S",
        () if day.year() == today.year() => "%-d %b, %H:%M:%S",
        () => "%-d %b %Y, %H:%M:%S",
    };
    view! { <time datetime=exact.clone() title=exact>{local(at, form)}</time> }
}

/// Renders the note that the server's clock had been set back when something was recorded.
pub(crate) fn clock_note(recorded: DateTime<Utc>, clock: DateTime<Utc>) -> impl IntoView {
    let [day, other_day] = [recorded, clock].map(|at| Zone::current().local(at).date_naive());
    let form = match () {
        () if day != other_day => "%-d %B %Y, %H:%M:%S",
        () if recorded.timestamp() == clock.timestamp() => "%H:%M:%S%.6f",
        () => "%H:%M:%S",
    };
    let time = |at: DateTime<Utc>| {
        let exact = exact(at);
        view! { <time datetime=exact.clone() title=exact>{local(at, form)}</time> }
    };
    view! {
        <p class="note clock">
            "Recorded "{time(recorded)}"; the server’s clock said "{time(clock)}" and had been set back."
        </p>
    }
}

/// Formats an age in its largest unit: `12 s ago`.
pub(crate) fn ago(time: TimeDelta) -> String {
    match time.num_seconds() {
        ..1 => "just now".to_owned(),
        seconds @ 1..120 => format!("{seconds} s ago"),
        seconds @ 120..7_200 => format!("{} min ago", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

/// Formats a time with the precision of PostgreSQL, without rounding.
pub(crate) fn exact(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// Formats a day as `Today, 22 November`, or as the date, with its year if that is not this year.
pub(crate) fn day_label(day: NaiveDate, today: NaiveDate) -> String {
    let date = if day.year() == today.year() { "%-d %B" } else { "%-d %B %Y" };
    let date = day.format(date);
    match (today - day).num_days() {
        0 => format!("Today, {date}"),
        1 => format!("Yesterday, {date}"),
        _ => date.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_is_formatted_in_its_largest_unit() {
        for (seconds, words) in [
            (-1, "just now"),
            (0, "just now"),
            (1, "1 s ago"),
            (119, "119 s ago"),
            (120, "2 min ago"),
            (7_200, "2 h ago"),
            (172_800, "2 days ago"),
        ] {
            assert_eq!(ago(TimeDelta::seconds(seconds)), words);
        }
    }

    #[test]
    fn day_label_names_today_and_yesterday() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        let today = day(2026, 1, 1);
        assert_eq!(day_label(today, today), "Today, 1 January");
        assert_eq!(day_label(day(2025, 12, 31), today), "Yesterday, 31 December 2025");
        assert_eq!(day_label(day(2025, 11, 22), day(2025, 12, 31)), "22 November");
    }
}
