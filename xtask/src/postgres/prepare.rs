//! The preparation of a cluster's start: creates its data folder, and removes what an earlier server left.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::cluster::SOCKET_NAME;
use super::{Cluster, location, settings, url};
use crate::command::capture;

impl Cluster {
    /// Creates the folders of the cluster, if they do not exist. The data folder is created under another name and then
    /// renamed, so that a folder `data` is always complete.
    pub(super) fn create(&self) -> Result<()> {
        location::create_private(&self.folder, self.owner)?;
        location::create_private(&self.socket_folder(), self.owner)?;
        if let Ok(version) = fs::read_to_string(self.data_folder().join("PG_VERSION")) {
            return self.check_version(version.trim());
        }
        let unfinished = self.folder.join("data.new");
        for folder in [&unfinished, &self.data_folder()] {
            if folder.exists() {
                fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
            }
        }
        let mut command = self.programs.command("initdb");
        command.args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
        command.args(["--username", url::ROLE, "--pgdata"]).arg(&unfinished);
        self.owner.set_user(&mut command);
        capture(&mut command).context("cannot create a PostgreSQL cluster")?;
        settings::include(&unfinished)?;
        fs::rename(&unfinished, self.data_folder()).context("cannot rename the folder of the new cluster")
    }

    fn check_version(&self, data_version: &str) -> Result<()> {
        if data_version == self.programs.version.to_string() {
            return Ok(());
        }
        bail!(
            "the private data was created by PostgreSQL {data_version}, and the programs found are {}: delete it with \
             `cargo xtask demo --fresh`, or remove {}",
            self.programs.version,
            self.folder.display()
        )
    }

    /// Prepares the start of a cluster to which no connection is possible. Waits for a server that is starting, stops one
    /// that does not listen, and removes stale files. A machine that crashed leaves files with the server's process id,
    /// which another program may have now.
    pub(super) fn remove_leftovers(&self) -> Result<()> {
        if self.server_pid().is_some() {
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(5) && !self.is_listening() {
                sleep(Duration::from_millis(100));
            }
            return if self.is_listening() { Ok(()) } else { self.stop() };
        }
        let socket_lock = self.socket_folder().join(format!("{SOCKET_NAME}.lock"));
        for file in [self.pid_file(), socket_lock].iter().filter(|file| file.exists()) {
            fs::remove_file(file).with_context(|| format!("cannot remove the stale {}", file.display()))?;
        }
        Ok(())
    }
}
