//! Days as people write them.

use chrono::{Datelike, Days, Month, NaiveDate, Weekday};

/// Parses a day at the beginning of a text, in lower case, and returns the words after it.
pub(super) fn parse_day<'a, 'b>(
    words: &'a [&'b str],
    today: NaiveDate,
) -> Option<(NaiveDate, &'a [&'b str])> {
    match words {
        ["today", rest @ ..] => Some((today, rest)),
        ["yesterday", rest @ ..] => Some((today.pred_opt()?, rest)),
        ["last", weekday, rest @ ..] => Some((last(parse_weekday(weekday)?, today.pred_opt()?)?, rest)),
        [first, rest @ ..] => {
            if let Some(weekday) = parse_weekday(first) {
                // A date may follow its weekday: `Tue 24 Nov`.
                return parse_date(rest, today)
                    .filter(|(date, _)| date.weekday() == weekday)
                    .or_else(|| Some((last(weekday, today)?, rest)));
            }
            parse_date(words, today)
        }
        [] => None,
    }
}

/// Parses `24 nov`, `nov 24 2025`, `24th november`, `24.11.`, `24.11.2026` and `2026-11-24`.
fn parse_date<'a, 'b>(words: &'a [&'b str], today: NaiveDate) -> Option<(NaiveDate, &'a [&'b str])> {
    let [first, rest @ ..] = words else { return None };
    if let Ok(date) = NaiveDate::parse_from_str(first, "%Y-%m-%d") {
        return Some((date, rest));
    }
    if let Some((day, month_and_year)) = first.split_once('.') {
        let (month, year) = month_and_year.split_once('.').unwrap_or((month_and_year, ""));
        let date = match year {
            "" => without_year(month.parse().ok()?, day.parse().ok()?, today)?,
            year => NaiveDate::from_ymd_opt(parse_year(year)?, month.parse().ok()?, day.parse().ok()?)?,
        };
        return Some((date, rest));
    }
    let [second, rest @ ..] = rest else { return None };
    let (day, month) = match (parse_day_of_month(first), parse_month(second)) {
        (Some(day), Some(month)) => (day, month),
        _ => (parse_day_of_month(second)?, parse_month(first)?),
    };
    match rest {
        [year, rest @ ..] if parse_year(year).is_some() => {
            Some((NaiveDate::from_ymd_opt(parse_year(year)?, month, day)?, rest))
        }
        rest => Some((without_year(month, day, today)?, rest)),
    }
}

/// Returns the last day with this date, today included. 29 February may be years ago.
fn without_year(month: u32, day: u32, today: NaiveDate) -> Option<NaiveDate> {
    let years = (0..=8).map(|years| today.year() - years);
    years.filter_map(|year| NaiveDate::from_ymd_opt(year, month, day)).find(|date| *date <= today)
}

/// Returns the last day of this name up to a day.
fn last(weekday: Weekday, up_to: NaiveDate) -> Option<NaiveDate> {
    up_to.checked_sub_days(Days::new(u64::from(up_to.weekday().days_since(weekday))))
}

fn parse_weekday(word: &str) -> Option<Weekday> {
    (word.len() >= 3).then(|| word.trim_end_matches('.').parse().ok()).flatten()
}

fn parse_month(word: &str) -> Option<u32> {
    let month: Option<Month> = (word.len() >= 3).then(|| word.trim_end_matches('.').parse().ok()).flatten();
    month.map(|month| month.number_from_month())
}

/// Parses `24`, `24th` or `24.`.
fn parse_day_of_month(word: &str) -> Option<u32> {
    let digits =
        ["st", "nd", "rd", "th", "."].iter().find_map(|suffix| word.strip_suffix(suffix)).unwrap_or(word);
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

/// Parses a year of four digits: fewer may be a time of day.
fn parse_year(word: &str) -> Option<i32> {
    (word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit())).then(|| word.parse().ok()).flatten()
}
