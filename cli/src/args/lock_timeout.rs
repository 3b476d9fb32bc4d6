//! The option for the lock timeout.

use std::time::Duration;

use clap::Args;

/// The lock timeout of a command that changes tables.
#[derive(Debug, Args)]
pub(crate) struct LockTimeoutArgs {
    /// Wait at most this long for a lock, such as 500ms, 5s or 2min; 0 waits for ever. Writes to the table are blocked in
    /// the meantime.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration)]
    lock_timeout: Duration,
}

impl LockTimeoutArgs {
    pub(crate) const fn get(&self) -> Duration {
        self.lock_timeout
    }
}

/// PostgreSQL's units of time that are allowed here, in milliseconds.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000)];
/// The maximum of the setting: PostgreSQL stores it in 32 bits.
const MAX_MILLISECONDS: u64 = i32::MAX.unsigned_abs() as u64;

fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    let text = text.trim();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = UNITS.iter().find(|(unit, _)| *unit == &text[number.len()..]);
    let milliseconds = unit.and_then(|(_, factor)| number.trim().parse::<u64>().ok()?.checked_mul(*factor));
    milliseconds
        .filter(|time| *time <= MAX_MILLISECONDS)
        .map(Duration::from_millis)
        .ok_or("expected a whole number with a unit, such as 500ms, 5s or 2min, of at most 24 days; 0 waits for ever")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_with_unit_is_parsed_and_other_text_rejected() {
        for (given, milliseconds) in [
            ("0", 0),
            ("0s", 0),
            ("500ms", 500),
            (" 5s ", 5000),
            ("2 min", 120_000),
            ("1h", 3_600_000),
            ("2147483647ms", 2_147_483_647),
        ] {
            assert_eq!(parse_duration(given), Ok(Duration::from_millis(milliseconds)), "{given}");
        }
        for given in [
            "",
            "5",
            "s",
            "1.5s",
            "-1s",
            "5 m",
            "5S",
            "2147483648ms",
            "99999999999999999999h",
            "5s5s",
            "5\u{b5}s",
        ] {
            assert!(parse_duration(given).is_err(), "{given}");
        }
    }
}
