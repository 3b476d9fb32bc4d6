//! Ctrl-C, SIGTERM and SIGHUP: remembered here, acted upon by whoever waits for a child.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on a signal ends the work in order instead of ending the process: a server that this run started must be
/// stopped too.
pub(crate) fn listen() -> Result<()> {
    ctrlc::set_handler(|| ASKED.store(true, Ordering::SeqCst)).context("cannot listen for Ctrl-C")
}

/// Returns whether the user has asked to stop.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
