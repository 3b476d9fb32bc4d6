//! Times in the address of a row's page, and the messages about times that cannot be used.

use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta, Timelike, Utc};
use threadline::query::Timestamp;

/// Parses a time as the filter does. The error is a sentence for the person who typed it.
pub(super) fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    let time = text.trim().parse::<Timestamp>().map(|time| time.0);
    time.map_err(|_| match text.trim() {
        "" => "Choose a time.".to_owned(),
        text => format!("“{text}” is not a time. Write it as 2026-11-22T09:30:15, in UTC."),
    })
}

/// Returns the message about a time in the future.
pub(super) fn future_message(at: DateTime<Utc>) -> String {
    format!("{} is in the future. Choose now or an earlier time.", in_words(at))
}

/// Formats a time for a link, without rounding it.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Returns the last time before this one: PostgreSQL keeps microseconds.
pub(super) fn just_before(at: DateTime<Utc>) -> DateTime<Utc> {
    at - TimeDelta::microseconds(1)
}

/// Formats a time for a `datetime-local` field, rounded up to the second, so that the version of that time is still found.
pub(super) fn field_value(at: DateTime<Utc>) -> String {
    let whole = at.with_nanosecond(0).unwrap_or(at);
    let next = whole + TimeDelta::seconds(1);
    // No time after the year 9999 can be parsed.
    let up = if whole == at || next.year() > 9999 { whole } else { next };
    up.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Formats a time for a sentence.
pub(super) fn in_words(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_parsed_or_explained() {
        let at = parse_time(" 2026-11-22T09:30:15.000001 ").unwrap();
        assert_eq!(stamp(at), "2026-11-22T09:30:15.000001Z");
        assert_eq!(field_value(at), "2026-11-22T09:30:16");
        assert_eq!(field_value(parse_time("2026-11-22T09:30").unwrap()), "2026-11-22T09:30:00");
        assert_eq!(field_value(parse_time("9999-12-31T23:59:59.999999").unwrap()), "9999-12-31T23:59:59");
        assert_eq!(parse_time(" ").unwrap_err(), "Choose a time.");
        assert!(parse_time("yesterday").unwrap_err().starts_with("“yesterday” is not a time."));
    }
}
