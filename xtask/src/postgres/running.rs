//! A running server, which is stopped at the end of the run.

use super::Cluster;

/// A running server. It is stopped on drop if this run started it.
#[derive(Debug)]
pub(crate) struct RunningServer<'a> {
    cluster: &'a Cluster,
    is_stopped_on_drop: bool,
}

impl<'a> RunningServer<'a> {
    pub(super) fn new(cluster: &'a Cluster, is_stopped_on_drop: bool) -> Self {
        Self { cluster, is_stopped_on_drop }
    }
}

impl RunningServer<'_> {
    /// Leaves the server running after this run.
    pub(crate) fn keep_running(mut self) {
        self.is_stopped_on_drop = false;
    }

    /// Stops the server on drop, even if another run started it.
    pub(crate) fn stop_on_drop(mut self) -> Self {
        self.is_stopped_on_drop = true;
        self
    }
}

impl Drop for RunningServer<'_> {
    fn drop(&mut self) {
        if self.is_stopped_on_drop
            && let Err(error) = self.cluster.stop()
        {
            eprintln!("warning: {error:#}; `cargo xtask postgres stop` tries again");
        }
    }
}
