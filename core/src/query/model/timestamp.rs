//! Moments and ranges of time as text.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, DurationRound, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Serialize, Serializer};

use crate::InvalidParameter;

/// A moment that is read from text or written as text.
///
/// A text is parsed as RFC 3339 with an offset, as a `timestamptz` that PostgreSQL printed (`2026-11-22 09:30:00.5+00`), or as the
/// value of a `datetime-local` field of a form, which is taken as UTC.
/// Years outside of 1 to 9999 are rejected, and digits after the microseconds dropped. It is displayed in UTC, with as many
/// digits as needed, and serialised with microseconds, as PostgreSQL stores them.
///
/// ```
/// use threadline::query::Timestamp;
///
/// let timestamp: Timestamp = "2026-11-22T09:30".parse()?;
/// assert_eq!(timestamp, "2026-11-22T10:30:00+01:00".parse()?);
/// assert_eq!(timestamp.to_string(), "2026-11-22T09:30:00Z");
/// assert_eq!(serde_json::to_string(&timestamp)?, r#""2026-11-22T09:30:00.000000Z""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub DateTime<Utc>);

impl Timestamp {
    pub(crate) const EXPECTED: &str = "a UTC time such as 2026-11-22T09:30";

    /// Returns the text with microseconds, as it is serialised.
    #[must_use]
    pub fn to_iso(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Micros, true)
    }

    /// Returns the timestamp, unless it is outside the years 1 to 9999. PostgreSQL's range ends in the year 294276, and
    /// chrono's begins before PostgreSQL's.
    pub(super) fn in_range(self) -> Option<Self> {
        let years =
            DateTime::from_timestamp(-62_135_596_800, 0)?..DateTime::from_timestamp(253_402_300_800, 0)?;
        years.contains(&self.0).then_some(self)
    }

    /// Reads microseconds since 1970.
    pub(super) fn from_micros(micros: i64) -> Option<DateTime<Utc>> {
        Some(Self(DateTime::from_timestamp_micros(micros)?).in_range()?.0)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        let local = || {
            let text = text.strip_suffix('Z').unwrap_or(text);
            ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"]
                .iter()
                .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
                .map(|time| time.and_utc())
        };
        let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).ok();
        let time = time.or_else(local).or_else(|| parse_printed(text));
        let time = time.and_then(|time| Self::from_micros(time.timestamp_micros()));
        time.map(Self).ok_or_else(|| InvalidParameter::new("time", text, Self::EXPECTED))
    }
}

/// Parses a `timestamptz` as PostgreSQL prints it, whose offset has no minutes where they are zero.
pub(super) fn parse_printed(text: &str) -> Option<DateTime<Utc>> {
    ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z"]
        .iter()
        .find_map(|format| DateTime::parse_from_str(text, format).ok())
        .map(|time| time.to_utc())
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_iso())
    }
}

/// A range of time that includes both ends. A missing end means no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The first moment; `None` for no limit.
    pub from: Option<DateTime<Utc>>,
    /// The last moment; `None` for no limit.
    pub to: Option<DateTime<Utc>>,
}

impl TimeRange {
    /// Creates a range.
    ///
    /// # Errors
    /// [`InvalidParameter`] if the range ends before it begins.
    pub fn new(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Result<Self, InvalidParameter> {
        match (from, to) {
            (Some(from), Some(to)) if from > to => {
                let to = Timestamp(to).to_string();
                Err(InvalidParameter::new("to", &to, "a time that is not before from"))
            }
            _ => Ok(Self { from, to }),
        }
    }
}

/// A range of time that ends now, by its length.
///
/// ```
/// use chrono::{DateTime, Utc};
/// use threadline::query::RelativeRange;
///
/// let now: DateTime<Utc> = "2026-11-22T09:30:12Z".parse()?;
/// let range = "24h".parse::<RelativeRange>()?.before(now);
/// assert_eq!(range.from, Some("2026-11-21T09:30:00Z".parse()?));
/// assert_eq!(RelativeRange::LastDay.to_string(), "24h");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RelativeRange {
    /// The last hour.
    LastHour,
    /// The last 24 hours.
    LastDay,
    /// The last seven days.
    LastWeek,
    /// The last 30 days.
    LastMonth,
}

impl RelativeRange {
    /// Every range, the shortest first.
    pub const ALL: [Self; 4] = [Self::LastHour, Self::LastDay, Self::LastWeek, Self::LastMonth];

    /// Returns the word for the range in a URL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LastHour => "1h",
            Self::LastDay => "24h",
            Self::LastWeek => "7d",
            Self::LastMonth => "30d",
        }
    }

    /// Returns the length of the range.
    #[must_use]
    pub const fn length(self) -> TimeDelta {
        match self {
            Self::LastHour => TimeDelta::hours(1),
            Self::LastDay => TimeDelta::hours(24),
            Self::LastWeek => TimeDelta::days(7),
            Self::LastMonth => TimeDelta::days(30),
        }
    }

    /// Returns the name of the range, as it follows "the last": `24 hours`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LastHour => "hour",
            Self::LastDay => "24 hours",
            Self::LastWeek => "7 days",
            Self::LastMonth => "30 days",
        }
    }

    /// Returns the greatest length that still counts as this range: a range without an end grows while its page is read.
    #[must_use]
    pub fn max_length(self) -> TimeDelta {
        self.length() + self.length() / 12
    }

    /// Returns the range that begins at this moment and ends now, if it is one of them.
    ///
    /// ```
    /// use chrono::{DateTime, Utc};
    /// use threadline::query::RelativeRange;
    ///
    /// let now: DateTime<Utc> = "2026-11-22T09:30:12Z".parse()?;
    /// let day = RelativeRange::LastDay;
    /// assert_eq!(RelativeRange::since(day.before(now).from.unwrap(), now), Some(day));
    /// assert_eq!(RelativeRange::since("2026-11-22T08:00:00Z".parse()?, now), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn since(from: DateTime<Utc>, now: DateTime<Utc>) -> Option<Self> {
        Self::ALL.into_iter().find(|range| (range.length()..=range.max_length()).contains(&(now - from)))
    }

    /// Returns the range that begins this length before the moment, and has no end. Its beginning is rounded down to a whole
    /// minute, so that a link to it stays the same for a minute.
    #[must_use]
    pub fn before(self, now: DateTime<Utc>) -> TimeRange {
        let from = now.checked_sub_signed(self.length());
        let from = from.map(|from| from.duration_trunc(TimeDelta::minutes(1)).unwrap_or(from));
        TimeRange { from, to: None }
    }
}

impl FromStr for RelativeRange {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        let known = Self::ALL.into_iter().find(|range| range.as_str() == text);
        known.ok_or_else(|| InvalidParameter::new("window", text, "1h, 24h, 7d or 30d"))
    }
}

impl fmt::Display for RelativeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_is_read_in_every_accepted_form_and_written_in_one() {
        for (text, written) in [
            ("2026-11-22T09:30", "2026-11-22T09:30:00Z"),
            ("2026-11-22T09:30Z", "2026-11-22T09:30:00Z"),
            ("2026-11-22T09:30:15.25", "2026-11-22T09:30:15.250Z"),
            ("2026-11-22T09:30:15.0000019", "2026-11-22T09:30:15.000001Z"),
            ("2026-11-22T09:30:15-03:30", "2026-11-22T13:00:15Z"),
            ("2026-11-22 09:30:15.25+00", "2026-11-22T09:30:15.250Z"),
            ("2026-11-22 09:30:15-03:30", "2026-11-22T13:00:15Z"),
            ("2026-11-22T09:30:15+01", "2026-11-22T08:30:15Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ] {
            let timestamp: Timestamp = text.parse().unwrap();
            assert_eq!(timestamp.to_string(), written, "{text}");
            assert_eq!(written.parse(), Ok(timestamp), "{text}");
        }
        for text in
            ["", "yesterday", "2026-11-22", "2026-13-01T00:00", "+262143-01-01T00:00", "0000-12-31T23:59"]
        {
            assert_eq!(text.parse::<Timestamp>().unwrap_err().value, text);
        }
    }

    #[test]
    fn relative_range_is_read_as_it_is_written() {
        for range in RelativeRange::ALL {
            assert_eq!(range.to_string().parse(), Ok(range));
        }
        assert!(
            "2h".parse::<RelativeRange>().unwrap_err().to_string().contains("expected 1h, 24h, 7d or 30d")
        );
    }

    #[test]
    fn time_range_that_ends_before_it_begins_is_refused() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        assert!(TimeRange::new(at(1), at(1)).is_ok() && TimeRange::new(at(1), None).is_ok());
        assert_eq!(TimeRange::new(at(2), at(1)).unwrap_err().name, "to");
    }
}
