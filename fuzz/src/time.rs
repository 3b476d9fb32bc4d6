//! Times and durations, as people type them in forms and on the command line.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Parser;
use threadline::query::parse_human_time;

use crate::lock_timeout::LockTimeoutArgs;
use crate::{properties, times};

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    lock_timeout: LockTimeoutArgs,
}

pub(crate) fn check(text: &str) {
    properties::check_time(text);
    check_form(text);
    check_lock_timeout(text);
}

/// Checks the time of a form, as people write it: that of a link is read back.
fn check_form(text: &str) {
    let now = DateTime::<Utc>::UNIX_EPOCH;
    if let Ok(at) = parse_human_time(text, &now) {
        assert_eq!(times::parse_time(&times::stamp(at)), Ok(at), "{text:?}");
    }
    let Ok(at) = times::parse_time(text) else { return };
    assert_eq!(parse_human_time(text, &now), Ok(at), "{text:?}");
    assert!(times::just_before(at) < at, "{text:?}");
}

/// Checks the option `--lock-timeout`, which PostgreSQL stores in 32 bits.
fn check_lock_timeout(text: &str) {
    let read = |text: &str| {
        let command = Command::try_parse_from(["threadline", &format!("--lock-timeout={text}")]);
        command.ok().map(|command| command.lock_timeout.get())
    };
    let Some(timeout) = read(text) else { return };
    let milliseconds = timeout.as_millis();
    assert!(milliseconds <= i32::MAX.unsigned_abs().into(), "{text:?}");
    assert_eq!(timeout, Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default()), "{text:?}");
    assert_eq!(read(&format!("{milliseconds}ms")), Some(timeout), "{text:?}");
}
