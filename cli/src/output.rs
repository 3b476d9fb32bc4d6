//! Writes to the terminal.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use crate::escape::escaped;

/// The complete output of a command, safe to print on a terminal.
pub(crate) type Report = String;

/// Prints a report. A reader that closes the pipe early, such as `head`, is not an error.
pub(crate) fn print(report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(report.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Prints an error as one line on standard error. If that is closed, the exit status still reports the failure.
pub(crate) fn print_error(error: &impl Display) {
    let _closed = writeln!(io::stderr(), "threadline: {}", escaped(&error.to_string()));
}

/// Prints a warning of a successful command on standard error.
pub(crate) fn print_warning(warning: &str) {
    let _closed = writeln!(io::stderr(), "warning: {}", escaped(warning));
}
