//! Runs pgbench and reads its log of every transaction.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::contestant::BASE;
use super::program;
use super::server::Server;
use crate::paths;

const CLIENTS: u32 = 2;

/// The same rows for everybody.
const SEED: &str = "--random-seed=20260101";

#[derive(Clone, Copy, Debug)]
pub(super) enum Amount {
    Seconds(u32),
    /// Of all clients together.
    Transactions(u32),
}

#[derive(Debug)]
pub(super) struct Outcome {
    /// Transactions per second, without the time to connect.
    pub(super) throughput: f64,
    /// Microseconds of the server's processes per transaction, where the server can tell.
    pub(super) cpu: Option<f64>,
    /// In microseconds, in order.
    latencies: Vec<u64>,
}

impl Outcome {
    /// The latency that this share of the transactions did not exceed.
    pub(super) fn percentile(&self, percent: usize) -> Option<f64> {
        let rank = (self.latencies.len() * percent).div_ceil(100);
        self.latencies.get(rank.checked_sub(1)?).map(|&latency| latency as f64)
    }
}

/// Runs the script in prepared mode.
pub(super) fn run(server: &Server, database: &str, script: &str, amount: Amount) -> Result<Outcome> {
    let folder = Scratch::new()?;
    let file = folder.0.join("script.sql");
    fs::write(&file, script).with_context(|| format!("cannot write {}", file.display()))?;
    let mut command = server.pgbench()?;
    command.args(["--no-vacuum", "--protocol=prepared", "--log", SEED]);
    command.arg(format!("--client={CLIENTS}")).arg(format!("--jobs={CLIENTS}"));
    command.arg(format!("--define=base={BASE}")).arg("--file").arg(&file);
    command.arg("--log-prefix").arg(folder.0.join("log"));
    match amount {
        Amount::Seconds(seconds) => command.arg(format!("--time={seconds}")),
        Amount::Transactions(all) => command.arg(format!("--transactions={}", all / CLIENTS)),
    };
    command.arg(server.url(database));

    let before = server.ended_backends()?;
    let said = program::run(&mut command, "")?;
    let after = server.ended_backends()?;
    let latencies = folder.latencies()?;
    if latencies.is_empty() {
        bail!("pgbench logged no transaction: {said}");
    }
    let cpu = before.zip(after).map(|(before, after)| {
        // A tick is 10 ms.
        after.saturating_sub(before) as f64 * 10_000.0 / latencies.len() as f64
    });
    Ok(Outcome { throughput: throughput(&said)?, cpu, latencies })
}

/// From the line `tps = 9512.123456 (without initial connection time)`.
fn throughput(said: &str) -> Result<f64> {
    let number = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    number.with_context(|| format!("pgbench told no throughput: {said}"))
}

/// A folder for one run's files, which are large.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let folder = paths::target().join("bench/pgbench");
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    /// Of all clients: each of pgbench's threads writes a log of its own.
    fn latencies(&self) -> Result<Vec<u64>> {
        let mut all = Vec::new();
        for entry in self.0.read_dir().context("cannot read pgbench's folder")? {
            let file = entry.context("cannot read pgbench's folder")?.path();
            if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("log")) {
                read(&file, &mut all)?;
            }
        }
        all.sort_unstable();
        Ok(all)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The next run removes it otherwise.
        let _left = fs::remove_dir_all(&self.0);
    }
}

fn read(file: &Path, all: &mut Vec<u64>) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    for line in text.lines() {
        all.push(latency(line).with_context(|| format!("no latency in pgbench's log: {line}"))?);
    }
    Ok(())
}

/// The third number of a line: client, transaction, microseconds, …
fn latency(line: &str) -> Option<u64> {
    line.split(' ').nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pgbench_is_understood() {
        let said = "number of failed transactions: 0 (0.000%)\nlatency average = 0.210 ms\n\
                    tps = 9512.250000 (without initial connection time)\n";
        assert_eq!(throughput(said).unwrap(), 9512.25);
        assert_eq!(latency("1 4711 215 0 1795339267 123456"), Some(215));
        assert_eq!(latency("1 4711 failed 0 1795339267 123456"), None);
    }

    #[test]
    fn percentiles_are_latencies_that_happened() {
        let outcome = Outcome { throughput: 0.0, cpu: None, latencies: (1..=200).collect() };
        assert_eq!(outcome.percentile(50), Some(100.0));
        assert_eq!(outcome.percentile(99), Some(198.0));
    }
}
