//! `cargo xtask bench health`: how long a full check of coverage and redaction takes.

use std::time::Instant;

use anyhow::{Result, ensure};
use clap::{Args, value_parser};
use threadline::capture::TablePolicy;
use threadline::health::Schemas;
use threadline::{AuditTrail, Config, TableName};

use crate::conditions::Conditions;
use crate::measurement::{Measurement, milliseconds_since};
use crate::report::{Report, Table, Target, number};
use crate::server::{Server, run_script};

const DATABASE: &str = "threadline_bench_health";
/// Checks that are not counted, in which pages of the catalog are read.
const WARM_UP_CHECKS: usize = 3;
/// The number of tables that are captured at once.
const BATCH_TABLES: usize = 100;
/// The milliseconds that half of the checks of 2,000 tables should take.
const MEDIAN_TARGET: Target = Target::AtMost(150.0);

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of captured tables.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = value_parser!(u32).range(1..=100_000))]
    tables: u32,
    /// The number of checks.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = value_parser!(u32).range(1..=100_000))]
    samples: u32,
}

pub(crate) async fn run(options: &Options, server: &Server) -> Result<()> {
    let mut conditions = Conditions::read(server).await?;
    let tables = number(f64::from(options.tables));
    conditions.add("tables", format!("{tables} of 12 columns, captured, one column excluded and one masked"));
    conditions.add(
        "check",
        "coverage and redaction of all tables, over one warm connection with prepared statements",
    );
    server.create_database(DATABASE).await?;
    let measurement = measure(options, server).await;
    server.drop_database(DATABASE).await?;
    let measurement = measurement?;
    let mut table = Table::new(0, ["checks", "p50", "p95", "max", "target"]);
    let [median, p95, most] = [50, 95, 100].map(|percent| measurement.wall(percent));
    let figures = [measurement.wall_ms.len() as f64, median, p95, most];
    table.row(figures.map(number).into_iter().chain([MEDIAN_TARGET.verdict(median)]));
    let mut report = Report::new("health", conditions);
    report.section("Time of one check, in milliseconds", &table);
    report.finish(&[measurement])
}

async fn measure(options: &Options, server: &Server) -> Result<Measurement> {
    let trail = AuditTrail::new(server.pool(DATABASE)).prepared_statements(true);
    trail.install().await?;
    let names: Vec<String> = (0..options.tables).map(|number| format!("t{number}")).collect();
    for batch in names.chunks(BATCH_TABLES) {
        capture(server, &trail, batch).await?;
    }
    run_script(&mut server.connect(DATABASE).await?, "VACUUM ANALYZE".to_owned()).await?;
    let section = |name: &String| format!("[capture.tables.{name}]\nexclude = [\"c7\"]\nmask = [\"c8\"]\n");
    let config = Config::from_toml(&names.iter().map(section).collect::<String>())?;
    let mut measurement = Measurement::new("check", "");
    for sample in 0..WARM_UP_CHECKS + options.samples as usize {
        let start = Instant::now();
        let health = trail.health(&config, &Schemas::All).await?;
        let wall_ms = milliseconds_since(start);
        let covered = health.coverage.covered().count();
        ensure!(
            covered == names.len() && health.redaction.len() == names.len(),
            "{covered} of {} tables are covered",
            names.len()
        );
        if sample >= WARM_UP_CHECKS {
            measurement.wall_ms.push(wall_ms);
        }
    }
    Ok(measurement)
}

/// Creates and captures tables of twelve columns, of which one is excluded and one is masked.
async fn capture(server: &Server, trail: &AuditTrail, names: &[String]) -> Result<()> {
    let columns: Vec<String> = (1..12).map(|number| format!("c{number} text")).collect();
    let columns = columns.join(", ");
    let create = names.iter().map(|name| format!("CREATE TABLE {name} (id bigint PRIMARY KEY, {columns});"));
    run_script(&mut server.connect(DATABASE).await?, create.collect()).await?;
    let policy =
        |name: &String| TablePolicy::new(TableName::new("public", name)).exclude(["c7"]).mask(["c8"]);
    trail.capture(names.iter().map(policy)).await?;
    Ok(())
}
