//! Times and durations, as people type them in forms and on the command line.

use std::time::Duration;

use clap::Parser;

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

/// Checks the time of a form: that of a link is read back, and that of a field is rounded up by less than a second.
fn check_form(text: &str) {
    let Ok(at) = times::parse_time(text) else { return };
    assert_eq!(times::parse_time(&times::stamp(at)), Ok(at), "{text:?}");
    let field = times::field_value(at);
    let rounded = times::parse_time(&field).unwrap_or_else(|_| panic!("{text:?} is shown as {field}"));
    let is_rounded = (0..1_000_000).contains(&(rounded - at).num_microseconds().unwrap_or(-1));
    assert!(is_rounded || field == "9999-12-31T23:59:59", "{text:?} is shown as {field}");
    assert!(times::just_before(at) < at, "{text:?}");
    assert!(times::future_message(at).starts_with(&times::in_words(at)), "{text:?}");
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
