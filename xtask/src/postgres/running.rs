//! A running server, and who stops it.

use super::Cluster;

/// A server that runs; stopped in the end if this run started it.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    cluster: &'a Cluster,
    ours: bool,
}

impl<'a> Running<'a> {
    pub(super) fn new(cluster: &'a Cluster, ours: bool) -> Self {
        Self { cluster, ours }
    }
}

impl Running<'_> {
    /// Leaves it running.
    pub(crate) fn keep(mut self) {
        self.ours = false;
    }

    /// Stops it in the end, whoever started it.
    pub(crate) fn adopt(mut self) -> Self {
        self.ours = true;
        self
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = self.cluster.stop()
        {
            eprintln!("warning: {error:#}; `cargo xtask postgres stop` tries again");
        }
    }
}
