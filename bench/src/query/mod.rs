//! `cargo xtask bench query`: how long the trail takes to answer when it holds millions of changes.

mod call;
mod cases;
mod filters;
pub(crate) mod seed;
mod values;

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Args, value_parser};
use sqlx::PgPool;
use threadline::AuditTrail;

use self::cases::Case;
use self::values::Values;
use crate::conditions::Conditions;
use crate::measurement::{Measurement, milliseconds_since};
use crate::report::{Report, Table, number};
use crate::server::{Server, cpu_time, relation_sizes};

/// The number of failed calls after which a case is given up.
const MAX_FAILURES: usize = 2;
/// The figures of a call: the rows it returned or counted, the index entries and rows that the server read for it, and the
/// pages that the server read.
const FIGURES: [&str; 3] = ["rows", "read", "pages"];

/// The index entries, the rows of tables that were read as a whole, and the pages that the server has read of the trail so far.
const READS: &str = "
    SELECT (SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE schemaname = 'threadline')::float8
           + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes WHERE schemaname = 'threadline')::float8,
           (SELECT coalesce(sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0)), 0)
            FROM pg_statio_user_tables WHERE schemaname = 'threadline')::float8";

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of changes in the trail, which is created once and kept.
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = value_parser!(u64).range(10_000..=100_000_000))]
    rows: u64,
    /// The number of calls of each case.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(1..=100_000))]
    samples: u32,
    /// The number of seconds after which a case ends with fewer calls.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Only cases whose name contains this text, such as `actor` or `pair: table`.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Keep statements prepared, as a host without a transaction pooler may.
    #[arg(long)]
    prepared: bool,
    /// Only create the trail.
    #[arg(long)]
    seed: bool,
    /// Create the trail anew.
    #[arg(long)]
    fresh: bool,
}

pub(crate) async fn run(options: &Options, server: &Server) -> Result<()> {
    let database = seed::find_or_create(server, options.rows, options.fresh).await?;
    let mut conditions = Conditions::read(server).await?;
    let rows = number(options.rows as f64);
    conditions.add("trail", format!("{rows} changes over 24 months, 40 tables, 2,000 actors"));
    conditions.add(
        "statements",
        if options.prepared { "prepared once per connection" } else { "planned for each call" },
    );
    conditions.add(
        "calls",
        "those of the library over one warm connection, each in its own transaction; pages of 50",
    );
    conditions.add("read", "index entries, rows of whole tables, and pages that one call read");
    let mut report = Report::new("query", conditions);
    report.section("Sizes, in megabytes", &size_table(server, &database, options.rows).await?);
    if options.seed {
        return report.finish(&[]);
    }
    let pool = server.pool(&database);
    let trail = AuditTrail::new(pool.clone()).prepared_statements(options.prepared);
    let values = Values::read(&pool).await?;
    let mut measurements = Vec::new();
    for case in cases::all(&values) {
        if format!("{}: {}", case.group, case.name).contains(&options.only) {
            eprintln!("{}: {}", case.group, case.name);
            measurements.push(measure(&case, options, &trail, &pool).await?);
        }
    }
    report_cases(&mut report, &measurements);
    report.finish(&measurements)
}

/// Measures the calls of a case in turn. A call that fails, for example because it timed out, counts with the time it took.
async fn measure(case: &Case, options: &Options, trail: &AuditTrail, pool: &PgPool) -> Result<Measurement> {
    let mut measurement = Measurement::new(&case.name, case.group);
    let (mut slowest_ms, mut slowest_call, mut rows) = (0.0, String::new(), 0);
    // The first call is not counted, because it reads pages that were not read for long.
    if let Some(first) = case.calls.first()
        && let Err(error) = first.run(trail).await
    {
        measurement.notes.push(error.to_string());
    }
    let ((cpu_before, reads_before), start) = (usage(pool).await?, Instant::now());
    for call in case.calls.iter().cycle().take(options.samples as usize) {
        let call_start = Instant::now();
        let answer = call.run(trail).await;
        let wall_ms = milliseconds_since(call_start);
        measurement.wall_ms.push(wall_ms);
        if wall_ms > slowest_ms {
            (slowest_ms, slowest_call) = (wall_ms, format!("slowest: {call:?}"));
        }
        match answer {
            Ok(count) => rows += count,
            Err(error) => measurement.notes.push(error.to_string()),
        }
        if measurement.notes.len() >= MAX_FAILURES || start.elapsed() > Duration::from_secs(options.seconds) {
            break;
        }
    }
    let (cpu_after, reads_after) = usage(pool).await?;
    let calls = measurement.wall_ms.len() as f64;
    measurement.cpu_ms.push((cpu_after - cpu_before) / calls);
    let figures = [rows as f64, reads_after.0 - reads_before.0, reads_after.1 - reads_before.1];
    measurement.figures =
        FIGURES.into_iter().zip(figures).map(|(name, figure)| (name.to_owned(), figure / calls)).collect();
    let failures = measurement.notes.len() as f64;
    measurement.figures.insert("failures".to_owned(), failures);
    measurement.notes.push(slowest_call);
    Ok(measurement)
}

/// Returns the CPU time of the server process and what it has read so far. The pool has one connection, so this is the process
/// that runs all calls, and its statistics are complete.
async fn usage(pool: &PgPool) -> Result<(f64, (f64, f64))> {
    let mut connection = pool.acquire().await?;
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(&mut *connection).await?;
    let reads = sqlx::query_as(READS).fetch_one(&mut *connection).await?;
    Ok((cpu_time(&mut connection).await?, reads))
}

async fn size_table(server: &Server, database: &str, changes: u64) -> Result<Table> {
    let mut table = Table::new(1, ["table or index", "MB", "bytes per change"]);
    for (relation, bytes) in relation_sizes(&mut server.connect(database).await?, "threadline").await? {
        table.row([relation, number(bytes as f64 / 1e6), number(bytes as f64 / changes as f64)]);
    }
    Ok(table)
}

/// Adds every case, except for pairs of filters: of those, the slowest one of each pair and those that miss their target.
fn report_cases(report: &mut Report, measurements: &[Measurement]) {
    let met = measurements.iter().filter(|measurement| is_met(measurement)).count();
    report.paragraph(&format!("{met} of {} cases meet their target.", measurements.len()));
    let (pairs, others): (Vec<_>, Vec<_>) =
        measurements.iter().partition(|measurement| pair(measurement).is_some());
    let mut slowest: Vec<&Measurement> = Vec::new();
    for &measurement in &pairs {
        match slowest.iter_mut().find(|other| pair(other) == pair(measurement)) {
            Some(other) if other.wall(50) >= measurement.wall(50) => {}
            Some(other) => *other = measurement,
            None => slowest.push(measurement),
        }
    }
    let missed: Vec<_> = pairs.into_iter().filter(|measurement| !is_met(measurement)).collect();
    report.section("Calls, in milliseconds", &case_table(&others));
    report.section("Pairs of filters, the slowest values of each, in milliseconds", &case_table(&slowest));
    report.section("Pairs of filters that miss their target, in milliseconds", &case_table(&missed));
}

/// Returns the group and the two keys of a case that filters by two keys.
fn pair(measurement: &Measurement) -> Option<(&str, &str)> {
    let (keys, _) = measurement.case.split_once(": ")?;
    keys.contains(" + ").then_some((measurement.variant.as_str(), keys))
}

fn case_table(measurements: &[&Measurement]) -> Table {
    let header =
        ["group", "case", "calls", "p50", "p95", "p99", "max", "CPU", "rows", "read", "pages", "target"];
    let mut table = Table::new(2, header);
    for measurement in measurements {
        let names = [measurement.variant.clone(), measurement.case.clone()];
        let [p50, p95, p99, max] = [50, 95, 99, 100].map(|percent| measurement.wall(percent));
        let [rows, read, pages] = FIGURES.map(|name| measurement.figure(name));
        let figures =
            [measurement.wall_ms.len() as f64, p50, p95, p99, max, measurement.cpu(50), rows, read, pages];
        let (median, most) = limits(&measurement.variant);
        let median = median.map_or_else(String::new, |median| format!("{median}/"));
        let word = if is_met(measurement) { "met" } else { "missed" };
        table.row(names.into_iter().chain(figures.map(number)).chain([format!("≤ {median}{most} {word}")]));
    }
    table
}

/// Returns the milliseconds that half of the calls of a group, and 99 % of them, may take.
fn limits(group: &str) -> (Option<f64>, f64) {
    match group {
        "count" => (None, 25.0),
        "row" | "transaction" => (None, 10.0),
        "worst" => (None, 50.0),
        _ => (Some(5.0), 25.0),
    }
}

fn is_met(measurement: &Measurement) -> bool {
    let (median, most) = limits(&measurement.variant);
    measurement.figure("failures") == 0.0
        && measurement.wall(99) <= most
        && median.is_none_or(|median| measurement.wall(50) <= median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_meets_its_target_by_median_and_p99() {
        let is_met_by = |group: &str, wall_ms: &[f64], failures: f64| {
            let mut measurement = Measurement::new("case", group);
            measurement.wall_ms = wall_ms.to_vec();
            measurement.figures.insert("failures".to_owned(), failures);
            is_met(&measurement)
        };
        assert!(is_met_by("single", &[5.0, 4.0, 25.0], 0.0));
        assert!(!is_met_by("single", &[5.01, 5.01, 4.0], 0.0));
        assert!(!is_met_by("pair", &[1.0, 1.0, 25.1], 0.0));
        assert!(is_met_by("count", &[24.0], 0.0));
        assert!(!is_met_by("count", &[24.0], 1.0));
    }

    #[tokio::test]
    async fn seeded_trail_has_the_history_of_the_hot_row() -> Result<()> {
        let server = Server::from_env()?;
        let database = format!("threadline_bench_test_{}", std::process::id());
        server.create_database(&database).await?;
        seed::fill(&server, &database, 10_000).await?;
        let pool = server.pool(&database);
        let cases = cases::all(&Values::read(&pool).await?);
        let history = cases.iter().find(|case| case.name == "history of the hot row").expect("the case");
        let rows = history.calls[0].run(&AuditTrail::new(pool)).await?;
        server.drop_database(&database).await?;
        assert!(rows > 30, "{rows} rows");
        Ok(())
    }
}
