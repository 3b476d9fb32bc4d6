//! Times of day as people write them.

use chrono::NaiveTime;

/// Parses `14:00`, `14:00:05`, `2pm`, `2:30 pm`, `noon` and `midnight`, in lower case.
pub(super) fn parse_time_of_day(words: &[&str]) -> Option<NaiveTime> {
    match words {
        ["noon"] => return NaiveTime::from_hms_opt(12, 0, 0),
        ["midnight"] => return Some(NaiveTime::MIN),
        _ => {}
    }
    let text = match words {
        [time] => (*time).to_owned(),
        [time, half @ ("am" | "pm")] => format!("{time}{half}"),
        _ => return None,
    };
    let (time, afternoon) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(time), _) => (time, Some(false)),
        (_, Some(time)) => (time, Some(true)),
        _ => (text.as_str(), None),
    };
    let parts: Option<Vec<u32>> = time.split(':').map(number).collect();
    let (hour, minute, second) = match parts?.as_slice() {
        // An hour alone may be anything: `14`.
        [hour] if afternoon.is_some() => (*hour, 0, 0),
        [hour, minute] => (*hour, *minute, 0),
        [hour, minute, second] => (*hour, *minute, *second),
        _ => return None,
    };
    let hour = match afternoon {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    NaiveTime::from_hms_opt(hour, minute, second)
}

/// Parses one or two digits.
fn number(digits: &str) -> Option<u32> {
    let is_number = matches!(digits.len(), 1 | 2) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}
