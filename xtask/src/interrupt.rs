//! The handler of Ctrl-C, SIGTERM and SIGHUP. It records the signal, and the code that waits for a child acts on it.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

static IS_REQUESTED: AtomicBool = AtomicBool::new(false);

/// Installs the handler. After that a signal no longer ends the process at once, because a server that this run
/// started must be stopped first.
pub(crate) fn install_handler() -> Result<()> {
    ctrlc::set_handler(|| IS_REQUESTED.store(true, Ordering::SeqCst)).context("cannot handle Ctrl-C")
}

/// Returns true if the user has requested a stop.
pub(crate) fn is_requested() -> bool {
    IS_REQUESTED.load(Ordering::SeqCst)
}
