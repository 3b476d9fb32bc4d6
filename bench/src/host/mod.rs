//! A host of the console, as a process of its own, so that its memory and its CPU time contain nothing of the clients, and so that
//! it can be killed.

mod serve;
mod tickets;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result};

pub(crate) use self::serve::{Options, serve};
pub(crate) use self::tickets::prepare;

/// The connections to the database, of which sqlx opens as many by default.
pub(crate) const CONNECTIONS: u32 = 10;

/// The running host, which is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Host {
    child: Child,
    pub(crate) port: u16,
}

impl Host {
    /// Starts a host with these arguments of the hidden command `serve` and this addition to its environment.
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.arg("serve").args(arguments).envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut port = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut port)?;
        }
        let port = port.trim().parse().context("the host has ended; its message is above")?;
        Ok(Self { child, port })
    }

    /// Kills the host with SIGKILL, and waits until it has ended.
    pub(crate) fn kill(&mut self) {
        // It may have ended before.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }

    /// Returns the resident memory in bytes, or NaN where it is unknown.
    pub(crate) fn resident_bytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
        kibibytes.map_or(f64::NAN, |kibibytes| kibibytes * 1024.0)
    }

    /// Returns the number of open files and sockets, or NaN where it is unknown.
    pub(crate) fn open_files(&self) -> f64 {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).map_or(f64::NAN, |files| files.count() as f64)
    }

    /// Returns the CPU time of all threads so far in milliseconds, to ten milliseconds, or NaN where it is unknown.
    pub(crate) fn cpu_ms(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // The name of the program may contain spaces. The 14th and the 15th field are ticks of 10 ms.
        let fields: Vec<&str> = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ').collect();
        let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
        ticks(11).zip(ticks(12)).map_or(f64::NAN, |(user, system)| (user + system) * 10.0)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}
