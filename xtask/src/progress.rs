//! Messages about the progress of long steps.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

/// Runs one long step, and prints its name at the start and its duration at the end.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("==> {name}");
    let start = Instant::now();
    let result = work()?;
    eprintln!("    done in {}", format_duration(start.elapsed()));
    Ok(result)
}

/// Formats a duration for a person, with fewer digits for longer ones.
pub(crate) fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// Returns the last lines of a log file.
pub(crate) fn tail(file: &Path, lines: usize) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_duration_longer_duration_has_fewer_digits() {
        assert_eq!(format_duration(Duration::from_millis(340)), "0.3 s");
        assert_eq!(format_duration(Duration::from_secs(59)), "59 s");
        assert_eq!(format_duration(Duration::from_secs(125)), "2 min 05 s");
    }
}
