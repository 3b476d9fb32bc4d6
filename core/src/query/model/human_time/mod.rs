//! Times as people write them: `yesterday`, `last tue 14:00`, `2h`, `24 Nov 14:00`.

mod day;
mod time_of_day;

#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};

use self::day::parse_day;
use self::time_of_day::parse_time_of_day;
use super::timestamp::{Timestamp, parse_printed};
use crate::InvalidParameter;

/// What a text can be, for the error about one that cannot be read.
const EXPECTED: &str =
    "a time such as yesterday, last tue 14:00, 2h, 24 Nov 14:00 or 2026-11-24T14:00, in the years 1 to 9999";
/// The longest text, in bytes: longer ones are no time.
const MAX_BYTES: usize = 100;
/// The steps in which a time is looked for that the clocks skipped, and their number: at most a day was ever skipped.
const SKIPPED_STEP: TimeDelta = TimeDelta::minutes(15);
const MAX_SKIPPED_STEPS: i32 = 4 * 25;

/// Parses a time as people write it. What names no time zone is taken in the zone of `now`. Upper and lower case are alike.
///
/// - An age: `2h`, `90 min`, `3 days ago`.
/// - A day, with or without a time of day: `today`, `yesterday 14:00`, `tue`, `last tue 2pm`, `24 Nov`, `Nov 24, 2025 at 14:00`,
///   `24.11.2026 14:00`, `2026-11-24`. A weekday is the last one of its name; `last` excludes today. A date without a year is the last
///   one. A day alone means its beginning.
/// - A time of day alone, which is one of today: `14:00`, `noon`.
/// - `now`, and RFC 3339, with or without an offset: `2026-11-24T14:00:00.5+01:00`.
///
/// A time that occurs twice when the clocks are set back is the first one. A time that they skip is the next one that exists.
///
/// ```
/// use chrono::{DateTime, FixedOffset};
/// use threadline::query::{Timestamp, parse_human_time};
///
/// let now: DateTime<FixedOffset> = "2026-11-27T09:30:00+01:00".parse()?;
/// let read = |text: &str| parse_human_time(text, &now).map(|time| Timestamp(time).to_string());
/// assert_eq!(read("last Tue 14:00")?, "2026-11-24T13:00:00Z");
/// assert_eq!(read("yesterday")?, "2026-11-25T23:00:00Z");
/// assert_eq!(read("2h")?, "2026-11-27T06:30:00Z");
/// assert!(read("some time ago").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`InvalidParameter`] with the text and what it can be, if it cannot be read, or if the time is outside of the years 1 to 9999.
pub fn parse_human_time<Z: TimeZone>(
    text: &str,
    now: &DateTime<Z>,
) -> Result<DateTime<Utc>, InvalidParameter> {
    let time = if text.len() > MAX_BYTES { None } else { parse(text.trim(), now) };
    let time = time.and_then(|time| Timestamp::from_micros(time.timestamp_micros()));
    time.ok_or_else(|| InvalidParameter::new("time", text, EXPECTED))
}

fn parse<Z: TimeZone>(text: &str, now: &DateTime<Z>) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    if let Some(time) = parse_printed(text) {
        return Some(time);
    }
    if let Some(local) = text.strip_suffix(['Z', 'z']) {
        return Some(parse_iso(local)?.and_utc());
    }
    if let Some(local) = parse_iso(text) {
        return in_zone(local, now);
    }
    let text = text.to_lowercase().replace(',', " ");
    let words: Vec<&str> = text.split_whitespace().filter(|word| !matches!(*word, "at" | "on")).collect();
    if words == ["now"] {
        return Some(now.to_utc());
    }
    if let Some(age) = parse_age(&words) {
        return now.to_utc().checked_sub_signed(age);
    }
    let today = now.naive_local().date();
    let (day, rest) = parse_day(&words, today).unwrap_or((today, &words));
    let time = match rest {
        // A text without a day needs a time of day.
        [] if words.is_empty() => return None,
        [] => NaiveTime::MIN,
        rest => parse_time_of_day(rest)?,
    };
    in_zone(day.and_time(time), now)
}

fn parse_iso(text: &str) -> Option<NaiveDateTime> {
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"];
    formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
}

/// Parses `2h`, `90 min` or `3 days ago`.
fn parse_age(words: &[&str]) -> Option<TimeDelta> {
    let words = words.strip_suffix(&["ago"]).unwrap_or(words);
    let (number, unit) = match words {
        [both] => both.split_at(both.find(|character: char| !character.is_ascii_digit())?),
        [number, unit] => (*number, *unit),
        _ => return None,
    };
    let number: i64 = number.parse().ok()?;
    match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => TimeDelta::try_seconds(number),
        "m" | "min" | "mins" | "minute" | "minutes" => TimeDelta::try_minutes(number),
        "h" | "hr" | "hrs" | "hour" | "hours" => TimeDelta::try_hours(number),
        "d" | "day" | "days" => TimeDelta::try_days(number),
        "w" | "week" | "weeks" => TimeDelta::try_weeks(number),
        _ => None,
    }
}

/// Returns the moment of a local time in the zone of `now`.
fn in_zone<Z: TimeZone>(local: NaiveDateTime, now: &DateTime<Z>) -> Option<DateTime<Utc>> {
    let zone = now.timezone();
    (0..=MAX_SKIPPED_STEPS).find_map(|steps| {
        let local = local.checked_add_signed(SKIPPED_STEP * steps)?;
        zone.from_local_datetime(&local).earliest().map(|time| time.to_utc())
    })
}
