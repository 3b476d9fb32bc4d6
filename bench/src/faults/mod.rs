//! `cargo xtask bench faults`: breaks the database, the pool and the host while they are in use, and compares the trail with the
//! writes that were acknowledged.

mod check;
mod injection;
mod load;
mod scenario;
mod stage;

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::{Args, ValueEnum, value_parser};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use self::check::Comparison;
use self::load::{Counts, Load, Phase};
use self::scenario::Scenario;
use self::stage::{Level, Stage};
use crate::conditions::Conditions;
use crate::report::{Report, Table, number};

/// The memory at rest after a fault may be this many times that before it, plus a constant: the allocator keeps a part of what a
/// burst of requests needed, and each connection keeps its prepared statements. The scenario `none` shows the growth without a
/// fault.
const MEMORY_FACTOR: f64 = 1.25;
const MEMORY_ALLOWANCE: f64 = 32e6;
/// Open files that may be added: sockets that clients or the database have not closed yet.
const FILES_ALLOWANCE: f64 = 10.0;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The seconds that each scenario takes.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = value_parser!(u64).range(10..=86_400))]
    seconds: u64,
    /// The audited transactions that are written in a second, each with three changes.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u64).range(1..=10_000))]
    writes: u64,
    /// The users who walk over the pages of the console.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = value_parser!(u32).range(1..=1000))]
    users: u32,
    /// Run only these scenarios.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Scenario>,
}

/// The result of one scenario.
struct Outcome {
    scenario: Scenario,
    seconds: f64,
    counts: Counts,
    comparison: Comparison,
    recovery: Duration,
    before: Level,
    after: Level,
    failures: Vec<String>,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let scenarios =
        if options.only.is_empty() { Scenario::value_variants() } else { options.only.as_slice() };
    let mut conditions = None;
    let mut outcomes = Vec::new();
    for &scenario in scenarios {
        eprintln!("{}: {} s", scenario.name(), options.seconds);
        let mut stage = Stage::build(scenario).await?;
        if conditions.is_none() {
            conditions = Some(Conditions::read(&stage.server()).await?);
        }
        // A signal ends the run with its servers, which are processes of their own.
        let outcome = tokio::select! {
            outcome = play(&mut stage, options) => outcome?,
            () = stopped() => bail!("stopped"),
        };
        for failure in &outcome.failures {
            eprintln!("    failed: {failure}");
        }
        outcomes.push(outcome);
    }
    let Some(mut conditions) = conditions else { return Ok(()) };
    conditions
        .add("host", "a process of its own with a pool of 10 connections, and 5 of the console in `replica`");
    conditions.add(
        "load",
        format!(
            "{} transactions with 3 changes each in a second, {} users of the console",
            options.writes, options.users
        ),
    );
    conditions.add(
        "tolerances",
        format!(
            "at rest, memory within {MEMORY_FACTOR} times of before plus {} MB, {FILES_ALLOWANCE} more open files, connections \
             within the size of the pools and all idle",
            number(MEMORY_ALLOWANCE / 1e6)
        ),
    );
    let mut report = Report::new("faults", conditions);
    report.section("Writes and changes", &writes_table(&outcomes));
    report.section("Requests of the console", &requests_table(&outcomes));
    report.section("What the pages of failed requests say", &problems_table(&outcomes));
    report.section("The host at rest", &levels_table(&outcomes));
    let failures: Vec<String> = outcomes
        .iter()
        .flat_map(|outcome| {
            outcome.failures.iter().map(|failure| format!("{}: {failure}", outcome.scenario.name()))
        })
        .collect();
    for failure in &failures {
        report.paragraph(&format!("Failed: {failure}"));
    }
    report.finish(&[])?;
    ensure!(failures.is_empty(), "{} invariants failed", failures.len());
    Ok(())
}

/// Waits for Ctrl-C or the signal of a service manager.
async fn stopped() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! { _ = ctrl_c() => {}, _ = terminate.recv() => {} },
        Err(_) => drop(ctrl_c().await),
    }
}

/// Runs one scenario: load without a fault, load with the fault, and load without it again.
async fn play(stage: &mut Stage, options: &Options) -> Result<Outcome> {
    let start = Instant::now();
    let whole = Duration::from_secs(options.seconds);
    let scenario = stage.scenario;
    let load = Load::new(stage.port(), options.writes, options.users);

    let progress = |text: &str| eprintln!("    {text} after {:.1} s", start.elapsed().as_secs_f64());

    load.enter(Phase::Before);
    let running = load.start();
    tokio::time::sleep(whole / 5).await;
    running.stop().await;
    let before = stage.level_at_rest().await?;

    progress("fault begins");
    load.enter(Phase::Fault);
    let running = load.start();
    injection::inject(stage, whole / 2).await?;
    progress("fault ends");
    let recovery = load.recovery().await;
    progress("recovered");
    load.enter(Phase::After);
    tokio::time::sleep(whole * 3 / 10).await;
    running.stop().await;
    let after = stage.level_at_rest().await?;

    let counts = load.into_counts();
    let comparison = check::compare(&mut stage.connect().await?, &counts.writes).await?;
    let mut failures = comparison.failures();
    let recovery = recovery.unwrap_or_else(|problem| {
        failures.push(format!("the console has not recovered: {problem}"));
        Duration::MAX
    });
    failures.extend(counts.failures(scenario));
    failures.extend(after.failures(&before, stage.max_connections()));
    let seconds = start.elapsed().as_secs_f64();
    Ok(Outcome { scenario, seconds, counts, comparison, recovery, before, after, failures })
}

fn writes_table(outcomes: &[Outcome]) -> Table {
    let header = [
        "scenario",
        "seconds",
        "acknowledged",
        "refused",
        "unknown",
        "of these committed",
        "changes",
        "differences",
    ];
    let mut table = Table::new(1, header);
    for Outcome { scenario, seconds, counts, comparison, .. } in outcomes {
        let [acknowledged, refused, unknown] = counts.write_counts();
        let figures = [
            seconds.round(),
            acknowledged,
            refused,
            unknown,
            comparison.committed_unknown as f64,
            comparison.changes as f64,
            comparison.differences.len() as f64,
        ];
        table.row([scenario.name().to_owned()].into_iter().chain(figures.map(number)));
    }
    table
}

fn requests_table(outcomes: &[Outcome]) -> Table {
    let header =
        ["scenario", "phase", "200", "503", "other status", "no response", "broken off", "recovery in s"];
    let mut table = Table::new(2, header);
    for Outcome { scenario, counts, recovery, .. } in outcomes {
        for phase in Phase::ALL {
            let answers = counts.answers(phase);
            // To a tenth of a second, which is the interval of the checks.
            let recovery =
                if phase == Phase::Fault { (recovery.as_secs_f64() * 10.0).round() / 10.0 } else { f64::NAN };
            let cells = [scenario.name().to_owned(), phase.name().to_owned()];
            table.row(cells.into_iter().chain(answers.into_iter().chain([recovery]).map(number)));
        }
    }
    table
}

fn problems_table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new(3, ["scenario", "phase", "explanation", "pages"]);
    for Outcome { scenario, counts, .. } in outcomes {
        for ((phase, explanation), pages) in &counts.problems {
            table.row([
                scenario.name().to_owned(),
                phase.name().to_owned(),
                explanation.clone(),
                number(*pages as f64),
            ]);
        }
    }
    table
}

fn levels_table(outcomes: &[Outcome]) -> Table {
    let header = ["scenario", "MB before", "after", "connections before", "after", "files before", "after"];
    let mut table = Table::new(1, header);
    for Outcome { scenario, before, after, .. } in outcomes {
        let figures = [
            before.resident_bytes / 1e6,
            after.resident_bytes / 1e6,
            before.connections,
            after.connections,
            before.files,
            after.files,
        ];
        table.row([scenario.name().to_owned()].into_iter().chain(figures.map(number)));
    }
    table
}
