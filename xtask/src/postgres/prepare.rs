//! What has to be there, or has to go, before a cluster can start.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::cluster::SOCKET;
use super::{Cluster, place, settings, url};
use crate::command::capture;

impl Cluster {
    /// Makes the data folder under another name first: what is called `data` is whole.
    pub(super) fn make(&self) -> Result<()> {
        place::make_private(&self.folder, self.owner)?;
        place::make_private(&self.socket(), self.owner)?;
        if let Ok(version) = fs::read_to_string(self.data().join("PG_VERSION")) {
            return self.check_version(version.trim());
        }
        let unfinished = self.folder.join("data.new");
        for folder in [&unfinished, &self.data()] {
            if folder.exists() {
                fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
            }
        }
        let mut command = self.programs.program("initdb");
        command.args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
        command.args(["--username", url::ROLE, "--pgdata"]).arg(&unfinished);
        self.owner.become_owner(&mut command);
        capture(&mut command).context("cannot make a PostgreSQL cluster")?;
        settings::include(&unfinished)?;
        fs::rename(&unfinished, self.data()).context("cannot name the new cluster")
    }

    fn check_version(&self, made_by: &str) -> Result<()> {
        if made_by == self.programs.version.to_string() {
            return Ok(());
        }
        bail!(
            "the private data was made by PostgreSQL {made_by}, and the programs found are {}: throw it away with \
             `cargo xtask demo --fresh`, or remove {}",
            self.programs.version,
            self.folder.display()
        )
    }

    /// Nothing answers. A machine that went down leaves files with its process id, and
    /// another program may have that number now.
    pub(super) fn clear_the_way(&self) -> Result<()> {
        if self.server().is_some() {
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(5) && !self.answers() {
                sleep(Duration::from_millis(100));
            }
            return if self.answers() { Ok(()) } else { self.stop() };
        }
        let socket_lock = self.socket().join(format!("{SOCKET}.lock"));
        for file in [self.pid_file(), socket_lock].iter().filter(|file| file.exists()) {
            fs::remove_file(file).with_context(|| format!("cannot remove the stale {}", file.display()))?;
        }
        Ok(())
    }
}
