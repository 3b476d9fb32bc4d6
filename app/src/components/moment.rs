//! Points in time: exact for machines, short for people, always UTC. While script runs, a title also tells the reader's own
//! time.

use chrono::{Datelike, NaiveDate, Utc};
use leptos::prelude::*;

/// A time of day, with the whole moment in its title and in its machine-readable value.
#[component]
pub(crate) fn Moment(at: chrono::DateTime<Utc>) -> impl IntoView {
    let exact = exact(at);
    view! { <time datetime=exact.clone() title=exact>{at.format("%H:%M:%S").to_string()}</time> }
}

/// A day and a time of day in words: `22 November 2026, 09:41:07 UTC`.
#[component]
pub(crate) fn DateTime(at: chrono::DateTime<Utc>) -> impl IntoView {
    let exact = exact(at);
    view! { <time datetime=exact.clone() title=exact>{at.format("%-d %B %Y, %H:%M:%S UTC").to_string()}</time> }
}

/// PostgreSQL's precision: nothing is rounded away.
fn exact(at: chrono::DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// `Today, 22 November`, or the date with its year when that is another one.
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
    fn days_are_named_as_people_name_them() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        let today = day(2026, 1, 1);
        assert_eq!(day_label(today, today), "Today, 1 January");
        assert_eq!(day_label(day(2025, 12, 31), today), "Yesterday, 31 December 2025");
        assert_eq!(day_label(day(2025, 11, 22), day(2025, 12, 31)), "22 November");
    }
}
