//! The time zone in which a page shows times.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Offset, SecondsFormat, Timelike, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use leptos::prelude::with_context;
use threadline::InvalidParameter;
use threadline::query::parse_human_time;

use crate::PageContext;

/// A time zone of the IANA database, such as `Europe/Berlin`. The default is UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl Zone {
    /// Returns the zone of the page that is being rendered.
    pub(crate) fn current() -> Self {
        with_context(|context: &PageContext| context.zone).unwrap_or_default()
    }

    /// Returns the time in this zone.
    pub(crate) fn local(self, at: DateTime<Utc>) -> DateTime<Tz> {
        at.with_timezone(&self.0)
    }

    /// Returns the offset at a time, as it follows the time: `UTC`, `UTC+1`, `UTC−3:30`.
    pub(crate) fn offset(self, at: DateTime<Utc>) -> String {
        let minutes = self.local(at).offset().fix().local_minus_utc() / 60;
        let sign = if minutes < 0 { '−' } else { '+' };
        match (minutes.abs() / 60, minutes.abs() % 60) {
            (0, 0) => "UTC".to_owned(),
            (hours, 0) => format!("UTC{sign}{hours}"),
            (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
        }
    }

    /// Returns the name of the zone, as a label has it: `UTC`, `Berlin time`.
    pub(crate) fn label(self) -> String {
        match self.0 {
            Tz::UTC => "UTC".to_owned(),
            zone => format!("{} time", zone.name().rsplit('/').next().unwrap_or_default().replace('_', " ")),
        }
    }

    /// Parses a time as people write it in this zone.
    pub(crate) fn parse(self, text: &str) -> Option<DateTime<Utc>> {
        parse_human_time(text, &self.local(Utc::now())).ok()
    }

    /// Writes a time for the field of a form, so that [`parse`](Self::parse) reads the same one.
    pub(crate) fn written(self, at: DateTime<Utc>) -> String {
        let local = self.local(at);
        let form = if local.second() == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
        let text = local.format(form).to_string();
        // A fraction of a second, or the second of two equal times when the clocks are set back.
        if self.parse(&text) == Some(at) { text } else { at.to_rfc3339_opts(SecondsFormat::AutoSi, true) }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for Zone {
    type Err = InvalidParameter;

    /// Reads the name of a zone. Upper and lower case, and blanks for underscores, are alike.
    fn from_str(text: &str) -> Result<Self, InvalidParameter> {
        let name = text.trim().replace(' ', "_");
        let known = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(&name));
        let expected = "a time zone such as UTC or Europe/Berlin";
        known.map(|zone| Self(*zone)).ok_or_else(|| InvalidParameter::new("zone", text, expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_is_read_from_its_name_and_written_with_its_offset() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (name, written, label, winter, summer) in [
            ("UTC", "UTC", "UTC", "UTC", "UTC"),
            ("europe/berlin", "Europe/Berlin", "Berlin time", "UTC+1", "UTC+2"),
            (" America/New York ", "America/New_York", "New York time", "UTC−5", "UTC−4"),
            ("Asia/Kathmandu", "Asia/Kathmandu", "Kathmandu time", "UTC+5:45", "UTC+5:45"),
        ] {
            let zone: Zone = name.parse().unwrap();
            assert_eq!((zone.to_string().as_str(), zone.label().as_str()), (written, label));
            assert_eq!(zone.offset(at("2026-01-15T12:00:00Z")), winter, "{name}");
            assert_eq!(zone.offset(at("2026-07-15T12:00:00Z")), summer, "{name}");
        }
        for name in ["", "Berlin", "Europe/Berlin\u{0}", "Mars/Olympus"] {
            assert!(name.parse::<Zone>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn written_time_is_read_back() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        for (at, written) in [
            ("2026-11-24T13:00:00Z", "2026-11-24 14:00"),
            ("2026-11-24T13:00:05Z", "2026-11-24 14:00:05"),
            ("2026-11-24T13:00:05.000001Z", "2026-11-24T13:00:05.000001Z"),
            // 02:30 comes twice in that night.
            ("2026-10-25T00:30:00Z", "2026-10-25 02:30"),
            ("2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z"),
        ] {
            let at: DateTime<Utc> = at.parse().unwrap();
            assert_eq!(berlin.written(at), written);
            assert_eq!(berlin.parse(written), Some(at));
        }
    }
}
