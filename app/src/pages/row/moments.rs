//! Moments in the addresses of a row, and the sentences where they cannot be used.

use chrono::{DateTime, SecondsFormat, TimeDelta, Timelike, Utc};
use threadline::query::Filter;

/// Reads a moment as the filter does.
///
/// # Errors
/// A sentence for the person who wrote it.
pub fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let read = Filter::from_pairs([("to", text)]).ok().and_then(|(filter, _)| filter.to);
    read.ok_or_else(|| match text.trim() {
        "" => "Choose a time.".to_owned(),
        text => format!("“{text}” is not a time. Write it as 2026-11-22T09:30:15, in UTC."),
    })
}

/// What to say of a moment that is still to come.
#[must_use]
pub fn still_to_come(at: DateTime<Utc>) -> String {
    format!("{} is still to come. Choose now or an earlier time.", in_words(at))
}

/// A moment as a link carries it: nothing is rounded away.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The last moment before this one: PostgreSQL keeps microseconds.
pub(super) fn just_before(at: DateTime<Utc>) -> DateTime<Utc> {
    at - TimeDelta::microseconds(1)
}

/// The value of a `datetime-local` field. Rounded up, so that the version that belongs to the moment is still found.
pub(super) fn field_value(at: DateTime<Utc>) -> String {
    let whole = at.with_nanosecond(0).unwrap_or(at);
    let up = if whole == at { at } else { whole + TimeDelta::seconds(1) };
    up.format("%Y-%m-%dT%H:%M:%S").to_string()
}

pub(super) fn in_words(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_or_explained() {
        let at = moment(" 2026-11-22T09:30:15.000001 ").unwrap();
        assert_eq!(stamp(at), "2026-11-22T09:30:15.000001Z");
        assert_eq!(field_value(at), "2026-11-22T09:30:16");
        assert_eq!(field_value(moment("2026-11-22T09:30").unwrap()), "2026-11-22T09:30:00");
        assert_eq!(moment(" ").unwrap_err(), "Choose a time.");
        assert!(moment("yesterday").unwrap_err().starts_with("“yesterday” is not a time."));
    }
}
