use chrono::{FixedOffset, MappedLocalTime, NaiveDate, Offset};

use super::*;

/// Friday, 27 November 2026, 09:30 in a zone one hour ahead of UTC.
fn read(text: &str) -> Option<String> {
    let now: DateTime<FixedOffset> = "2026-11-27T09:30:00+01:00".parse().unwrap();
    let time = parse_human_time(text, &now).ok()?.with_timezone(&now.timezone());
    Some(time.format("%Y-%m-%d %H:%M:%S").to_string())
}

#[test]
fn time_is_read_as_people_write_it() {
    for (text, expected) in [
        ("now", "2026-11-27 09:30:00"),
        ("2h", "2026-11-27 07:30:00"),
        ("90 min", "2026-11-27 08:00:00"),
        ("3 days ago", "2026-11-24 09:30:00"),
        ("1w", "2026-11-20 09:30:00"),
        ("30s ago", "2026-11-27 09:29:30"),
        ("today", "2026-11-27 00:00:00"),
        ("Yesterday", "2026-11-26 00:00:00"),
        ("yesterday, 14:00", "2026-11-26 14:00:00"),
        ("yesterday at 2:30 PM", "2026-11-26 14:30:00"),
        ("last tue 14:00", "2026-11-24 14:00:00"),
        ("tue 12am", "2026-11-24 00:00:00"),
        ("on Tuesday at noon", "2026-11-24 12:00:00"),
        ("fri", "2026-11-27 00:00:00"),
        ("last friday", "2026-11-20 00:00:00"),
        ("24 Nov 14:00", "2026-11-24 14:00:00"),
        ("Tue 24 Nov 14:00", "2026-11-24 14:00:00"),
        ("24 November 2025", "2025-11-24 00:00:00"),
        ("Nov 24, 2025 at 14:00:05", "2025-11-24 14:00:05"),
        ("24th dec 12pm", "2025-12-24 12:00:00"),
        ("29 feb", "2024-02-29 00:00:00"),
        ("24.11. 08:15", "2026-11-24 08:15:00"),
        ("24.11.2026 14:00", "2026-11-24 14:00:00"),
        ("2026-11-24", "2026-11-24 00:00:00"),
        ("2026-11-24 14:00", "2026-11-24 14:00:00"),
        (" 14:00 ", "2026-11-27 14:00:00"),
        ("midnight", "2026-11-27 00:00:00"),
        ("2026-11-24T14:00", "2026-11-24 14:00:00"),
        ("2026-11-24T14:00Z", "2026-11-24 15:00:00"),
        ("2026-11-24T14:00:00.5+00:00", "2026-11-24 15:00:00"),
        ("2026-11-24t14:00:00z", "2026-11-24 15:00:00"),
    ] {
        assert_eq!(read(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn text_that_is_no_time_is_refused() {
    for text in [
        "",
        " ",
        ",",
        "at",
        "some time ago",
        "14",
        "25:00",
        "14:60",
        "13pm",
        "0am",
        "31 feb",
        "32 nov",
        "24 nov 99",
        "tomorrow",
        "last",
        "last week",
        "last 24 nov",
        "12/11/2026",
        "h",
        "-2h",
        "2h 3",
        "99999999999999999999h",
        "9223372036854775807w",
        "0000-01-01",
        "yesterday 14:00 UTC",
        "10000-01-01T00:00:00Z",
        "2026-11-24T14:00+25:00",
        "tue\u{0}",
        "ⅷ nov",
    ] {
        assert_eq!(read(text), None, "{text:?}");
    }
    let error = parse_human_time(&"1".repeat(101), &Utc::now()).unwrap_err();
    assert!(error.to_string().contains("last tue 14:00"), "{error}");
}

/// A zone whose clocks are set forward from 02:00 to 03:00 on 29 March 2026, and back from 03:00 to 02:00 on 25 October 2026.
#[derive(Debug, Clone, Copy)]
struct Central;

#[derive(Debug, Clone, Copy)]
struct CentralOffset(FixedOffset);

impl Offset for CentralOffset {
    fn fix(&self) -> FixedOffset {
        self.0
    }
}

impl std::fmt::Display for CentralOffset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl TimeZone for Central {
    type Offset = CentralOffset;

    fn from_offset(_: &CentralOffset) -> Self {
        Self
    }

    fn offset_from_local_date(&self, _: &NaiveDate) -> MappedLocalTime<CentralOffset> {
        MappedLocalTime::None
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<CentralOffset> {
        let at = |day: &str| NaiveDateTime::parse_from_str(day, "%Y-%m-%d %H:%M").unwrap();
        let offset = |hours: i32| CentralOffset(FixedOffset::east_opt(hours * 3600).unwrap());
        match () {
            () if *local < at("2026-03-29 02:00") || *local >= at("2026-10-25 03:00") => {
                MappedLocalTime::Single(offset(1))
            }
            () if *local < at("2026-03-29 03:00") => MappedLocalTime::None,
            () if *local < at("2026-10-25 02:00") => MappedLocalTime::Single(offset(2)),
            () => MappedLocalTime::Ambiguous(offset(2), offset(1)),
        }
    }

    fn offset_from_utc_date(&self, _: &NaiveDate) -> CentralOffset {
        CentralOffset(FixedOffset::east_opt(3600).unwrap())
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> CentralOffset {
        let at = |day: &str| NaiveDateTime::parse_from_str(day, "%Y-%m-%d %H:%M").unwrap();
        let is_summer = (at("2026-03-29 01:00")..at("2026-10-25 01:00")).contains(utc);
        CentralOffset(FixedOffset::east_opt(if is_summer { 7200 } else { 3600 }).unwrap())
    }
}

#[test]
fn time_at_which_clocks_change_is_the_first_that_exists() {
    let now = Central
        .from_utc_datetime(&NaiveDateTime::parse_from_str("2026-11-27 08:30", "%Y-%m-%d %H:%M").unwrap());
    for (text, expected) in [
        ("29 Mar 01:59", "2026-03-29T00:59:00Z"),
        ("29 Mar 02:30", "2026-03-29T01:00:00Z"),
        ("29 Mar 03:00", "2026-03-29T01:00:00Z"),
        ("25 Oct 02:30", "2026-10-25T00:30:00Z"),
        ("25 Oct 03:00", "2026-10-25T02:00:00Z"),
    ] {
        assert_eq!(Timestamp(parse_human_time(text, &now).unwrap()).to_string(), expected, "{text}");
    }
}

#[test]
fn time_as_postgresql_prints_it_is_read() {
    let now = DateTime::<Utc>::UNIX_EPOCH;
    for text in ["2026-11-22 09:30:12.5+00", "2026-11-22 10:30:12.5+01", "2026-11-22T09:30:12.5+00"] {
        let read = parse_human_time(text, &now).map(|time| Timestamp(time).to_string());
        assert_eq!(read, Ok("2026-11-22T09:30:12.500Z".to_owned()), "{text}");
    }
}
