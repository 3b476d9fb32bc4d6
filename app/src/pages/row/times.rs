//! Times in the address of a row's page.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use threadline::query::Timestamp;

/// Parses a time as the filter does. The error is a sentence for the person who typed it.
pub(super) fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    let time = text.trim().parse::<Timestamp>().map(|time| time.0);
    time.map_err(|_| match text.trim() {
        "" => "Choose a time.".to_owned(),
        text => format!("“{text}” is not a time. Write it as yesterday 14:00, last tue, 2h, 24 Nov 14:00 or 2026-11-24T14:00Z."),
    })
}

/// Formats a time for a link, without rounding it.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Returns the last time before this one: PostgreSQL keeps microseconds.
pub(super) fn just_before(at: DateTime<Utc>) -> DateTime<Utc> {
    at - TimeDelta::microseconds(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_parsed_or_explained() {
        let at = parse_time(" 2026-11-22T09:30:15.000001 ").unwrap();
        assert_eq!(stamp(at), "2026-11-22T09:30:15.000001Z");
        assert_eq!(parse_time(" ").unwrap_err(), "Choose a time.");
        assert!(parse_time("some day").unwrap_err().starts_with("“some day” is not a time."));
    }
}
