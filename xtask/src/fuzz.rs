//! `cargo xtask fuzz`: builds the fuzz targets with the stable compiler, and runs them.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, available_parallelism};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::command::{capture, cargo, find_in_path, run as run_command, spawn, wait};
use crate::progress::{format_duration, step, tail};
use crate::{interrupt, packages, paths};

/// The flags with which the compiler records coverage for libFuzzer. These are those of cargo-fuzz without a sanitizer: no code
/// of ours is unsafe, and a sanitizer needs a nightly compiler.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                         -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                         -Cllvm-args=-sanitizer-coverage-trace-compares";
/// The duration of each target, unless another one is given.
const DEFAULT_SECONDS: u64 = 60;
/// The time after which one input counts as endless, in seconds. An input takes milliseconds.
const INPUT_TIMEOUT: u64 = 60;

/// `cargo xtask fuzz …`
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Run each target for this long.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SECONDS)]
    seconds: u64,
    /// Run these targets only. Each file in `fuzz/fuzz_targets` is one.
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
}

/// The figures of one run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    executions: u64,
    /// The number of edges of the control flow that some input reached.
    coverage: u64,
    /// The number of inputs in the corpus.
    corpus: u64,
    /// The file with the input that failed.
    failed_input: Option<String>,
}

/// One target, and its outcome.
#[derive(Debug)]
struct Outcome {
    target: String,
    duration: Duration,
    figures: Figures,
    has_passed: bool,
    log: PathBuf,
}

/// Runs the chosen targets, as many at once as there are processors.
pub(crate) fn run(options: &Options) -> Result<()> {
    let targets = choose(&known_targets()?, &options.targets)?;
    run_targets(targets, options.seconds)
}

/// Runs every target for a minute.
pub(crate) fn run_all() -> Result<()> {
    run_targets(known_targets()?, DEFAULT_SECONDS)
}

fn run_targets(targets: Vec<String>, seconds: u64) -> Result<()> {
    let programs = build()?;
    let at_once = available_parallelism().map_or(1, NonZero::get).min(targets.len());
    let name = format!("fuzzing {} targets, {at_once} at once, {seconds} s each", targets.len());
    let outcomes = step(&name, || {
        let queue = Mutex::new(VecDeque::from(targets));
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let work = || -> Result<Vec<Outcome>> {
            let mut outcomes = Vec::new();
            while let Some(target) = next().filter(|_| !interrupt::is_requested()) {
                outcomes.push(run_target(&programs, target, seconds)?);
            }
            Ok(outcomes)
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
            let mut outcomes = Vec::new();
            for thread in threads {
                match thread.join() {
                    Ok(result) => outcomes.extend(result?),
                    Err(_) => bail!("a thread that runs targets has panicked"),
                }
            }
            Ok(outcomes)
        })
    })?;
    print(&outcomes);
    check(&outcomes)
}

/// Returns the targets: the files in `fuzz/fuzz_targets`.
fn known_targets() -> Result<Vec<String>> {
    let folder = paths::root().join("fuzz/fuzz_targets");
    let files = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut targets = Vec::new();
    for file in files {
        if let Some(name) = file?.path().file_stem().and_then(|name| name.to_str()) {
            targets.push(name.to_owned());
        }
    }
    targets.sort_unstable();
    Ok(targets)
}

/// Returns the given targets, or all of them if none is given.
fn choose(known: &[String], given: &[String]) -> Result<Vec<String>> {
    if let Some(unknown) = given.iter().find(|target| !known.contains(target)) {
        bail!("there is no target {unknown}: use {}", known.join(", "));
    }
    Ok(if given.is_empty() { known } else { given }.to_vec())
}

fn folder() -> PathBuf {
    paths::target().join("fuzz")
}

/// Builds all targets, and returns the folder with their programs.
fn build() -> Result<PathBuf> {
    // libFuzzer is compiled from its sources, which are C++.
    if find_in_path("c++").is_none() {
        packages::install(&["g++"])?;
    }
    let version = capture(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("`rustc -vV` names no host")?;
    // With an explicit target, Cargo compiles build scripts and procedural macros without the flags.
    let mut command =
        cargo(["build", "--manifest-path", "fuzz/Cargo.toml", "--release", "--bins", "--target", host]);
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", RUSTFLAGS);
    command.arg("--target-dir").arg(folder());
    step("building the fuzz targets", || run_command(&mut command))?;
    Ok(folder().join(host).join("release"))
}

/// Runs one target. Its corpus grows from run to run; the seeds stay as they are.
fn run_target(programs: &Path, target: String, seconds: u64) -> Result<Outcome> {
    let sources = paths::root().join("fuzz");
    let [corpus, failed_inputs] = ["corpus", "failed"].map(|name| folder().join(name).join(&target));
    for new in [&corpus, &failed_inputs] {
        fs::create_dir_all(new).with_context(|| format!("cannot create {}", new.display()))?;
    }
    let log = folder().join(format!("{target}.log"));
    let output = File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
    let mut command = Command::new(programs.join(&target));
    command
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={INPUT_TIMEOUT}"))
        .arg(format!("-artifact_prefix={}/", failed_inputs.display()))
        .arg(format!("-dict={}", sources.join("dictionaries").join(format!("{target}.dict")).display()))
        .arg("-print_final_stats=1")
        .arg(corpus)
        .arg(sources.join("seeds").join(&target))
        // The message of a panic is then near the end of the log.
        .env("RUST_BACKTRACE", "0")
        .stdout(output.try_clone()?)
        .stderr(output);
    let start = Instant::now();
    let has_passed = wait(&mut spawn(&mut command)?)?.success();
    let figures = read_figures(&fs::read_to_string(&log).unwrap_or_default());
    Ok(Outcome { target, duration: start.elapsed(), figures, has_passed, log })
}

/// Reads the figures from libFuzzer's messages, such as `#9 NEW cov: 7 ft: 8 corp: 4/34b exec/s: 0`.
fn read_figures(log: &str) -> Figures {
    let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    let last = |name: &str| log.rsplit_once(name).and_then(|(_, after)| number(after.trim_start()));
    let failed_input = log.rsplit_once("Test unit written to ").and_then(|(_, after)| after.lines().next());
    Figures {
        executions: last("stat::number_of_executed_units:").unwrap_or_default(),
        coverage: last(" cov: ").unwrap_or_default(),
        corpus: last(" corp: ").unwrap_or_default(),
        failed_input: failed_input.map(str::to_owned),
    }
}

fn print(outcomes: &[Outcome]) {
    eprintln!();
    eprintln!("{:14}{:>14}{:>10}{:>8}{:>14}", "target", "executions", "coverage", "corpus", "duration");
    for Outcome { target, duration, figures, has_passed, .. } in outcomes {
        let Figures { executions, coverage, corpus, .. } = figures;
        let (duration, failed) = (format_duration(*duration), if *has_passed { "" } else { "  failed" });
        eprintln!("{target:14}{executions:>14}{coverage:>10}{corpus:>8}{duration:>14}{failed}");
    }
}

/// Returns an error if a target failed, with the end of its messages and the file with the input.
fn check(outcomes: &[Outcome]) -> Result<()> {
    let mut failed = Vec::new();
    for Outcome { target, figures, log, .. } in outcomes.iter().filter(|outcome| !outcome.has_passed) {
        eprintln!("\n{target}: the end of {}:\n{}", log.display(), tail(log, 30));
        let input = figures.failed_input.as_deref().unwrap_or("none was written");
        failed.push(format!("{target} (the input: {input})"));
    }
    if interrupt::is_requested() {
        bail!("the targets were stopped");
    }
    if !failed.is_empty() {
        bail!("{} of {} targets failed: {}", failed.len(), outcomes.len(), failed.join("; "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_last_message() {
        let log = "#2\tINITED cov: 5 ft: 5 corp: 1/1b exec/s: 0 rss: 27Mb\n\
                   #9\tNEW    cov: 71 ft: 80 corp: 12/34b lim: 4 exec/s: 0 rss: 27Mb L: 3/3\n\
                   artifact_prefix='failed/'; Test unit written to failed/crash-1\nBase64: Zg==\n\
                   stat::number_of_executed_units: 123\nstat::average_exec_per_sec: 5\n";
        let failed_input = Some("failed/crash-1".to_owned());
        let expected = Figures { executions: 123, coverage: 71, corpus: 12, failed_input };
        assert_eq!(read_figures(log), expected);
        assert_eq!(read_figures("cannot start"), Figures::default());
    }

    #[test]
    fn failed_target_is_an_error_with_its_input() {
        let outcome = |target: &str, has_passed, failed_input| Outcome {
            target: target.to_owned(),
            duration: Duration::ZERO,
            figures: Figures { failed_input, ..Figures::default() },
            has_passed,
            log: PathBuf::new(),
        };
        let passed = || outcome("time", true, None);
        assert!(check(&[passed()]).is_ok());
        let failed = outcome("filter", false, Some("failed/crash-1".to_owned()));
        let error = check(&[passed(), failed]).unwrap_err().to_string();
        assert_eq!(error, "1 of 2 targets failed: filter (the input: failed/crash-1)");
    }

    #[test]
    fn unknown_target_is_an_error_that_lists_the_targets() {
        let known = ["actor", "time"].map(str::to_owned);
        assert_eq!(choose(&known, &[]).unwrap(), known);
        assert_eq!(choose(&known, &["time".to_owned()]).unwrap(), ["time"]);
        let error = choose(&known, &["tiem".to_owned()]).unwrap_err().to_string();
        assert_eq!(error, "there is no target tiem: use actor, time");
    }

    /// Every target has seeds, a dictionary, and a program in the manifest.
    #[test]
    fn every_target_has_seeds_and_a_dictionary() {
        let fuzz = paths::root().join("fuzz");
        let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
        let targets = known_targets().unwrap();
        assert!(!targets.is_empty());
        for target in targets {
            assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
            assert!(fuzz.join("dictionaries").join(format!("{target}.dict")).is_file(), "{target}");
            assert!(fs::read_dir(fuzz.join("seeds").join(&target)).unwrap().count() > 3, "{target}");
        }
    }
}
