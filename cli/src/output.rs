//! What reaches the terminal.

use std::io::{self, ErrorKind, Write};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::escape::escaped;
use crate::failure::Failure;

/// The whole answer of a command, safe to show.
pub(crate) type Report = String;

/// A reader that has seen enough, such as `head`, is no failure.
pub(crate) fn print(report: &Report) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(report.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

/// One line on standard error; where that is closed, the exit code still tells.
pub(crate) fn complain(failure: &Failure) {
    let _closed = writeln!(io::stderr(), "threadline: {}", escaped(&failure.to_string()));
}

/// What should be known although the command succeeds, on standard error.
pub(crate) fn warn(warning: &str) {
    let _closed = writeln!(io::stderr(), "warning: {}", escaped(warning));
}

/// A time in UTC with the microseconds that the database keeps.
pub(crate) fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
