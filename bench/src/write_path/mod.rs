//! `cargo xtask bench write-path`: how long an audited transaction takes next to the host's own.

mod writes;

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Args, value_parser};
use sqlx::PgPool;
use threadline_testkit::proxy::Proxy;

use self::writes::Write;
use crate::conditions::Conditions;
use crate::measurement::{Measurement, find, find_or_add, milliseconds_since};
use crate::report::{Report, Table, number};
use crate::server::{Server, pool};

const DATABASE: &str = "threadline_bench_write_path";
/// Rounds that are not counted, in which statements are prepared and pages are read.
const WARM_UP_ROUNDS: usize = 20;
/// The number of rows of each table.
const ROWS: i32 = 10_000;
/// The time that a distant server adds to each round trip.
const DELAY: Duration = Duration::from_millis(2);

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of rounds. In each of them, every write is measured once over both networks.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = value_parser!(u32).range(1..=100_000))]
    rounds: u32,
}

pub(crate) async fn run(options: &Options, server: &Server) -> Result<()> {
    let mut conditions = Conditions::read(server).await?;
    conditions.add("write", "one row of 10,000 updated by its key, in a transaction of its own");
    conditions.add("network", "direct, or through a proxy that adds 2 ms to each round trip");
    server.create_database(DATABASE).await?;
    writes::prepare(&server.pool(DATABASE), ROWS).await?;
    let measurements = measure(options, server).await;
    server.drop_database(DATABASE).await?;
    let measurements = measurements?;
    let mut table = Table::new(2, ["network", "write", "p50", "p95", "p99", "p50 above host"]);
    for measurement in &measurements {
        let host = find(&measurements, Write::Host.name(), &measurement.variant);
        let above_host = host.map_or(f64::NAN, |host| measurement.wall(50) - host.wall(50));
        let [p50, p95, p99] = [50, 95, 99].map(|percent| measurement.wall(percent));
        let names = [measurement.variant.clone(), measurement.case.clone()];
        table.row(names.into_iter().chain([p50, p95, p99, above_host].map(number)));
    }
    let mut report = Report::new("write-path", conditions);
    report.section("Time of one audited transaction, in milliseconds", &table);
    report.finish(&measurements)
}

async fn measure(options: &Options, server: &Server) -> Result<Vec<Measurement>> {
    let direct = server.options(DATABASE);
    let proxy = Proxy::start(&direct, DELAY)?;
    let networks = [("direct", pool(direct)), ("2 ms", pool(proxy.options()))];
    let mut measurements = Vec::new();
    for round in 0..WARM_UP_ROUNDS + options.rounds as usize {
        for (network, pool) in &networks {
            // Every write is the first one in turn, because the machine is not equally busy all the time.
            for turn in 0..Write::ALL.len() {
                let write = Write::ALL[(round + turn) % Write::ALL.len()];
                let id = i32::try_from(round * 7 + turn)? % ROWS + 1;
                let wall_ms = measure_write(write, pool, id).await?;
                if round >= WARM_UP_ROUNDS {
                    find_or_add(&mut measurements, write.name(), network).wall_ms.push(wall_ms);
                }
            }
        }
    }
    Ok(measurements)
}

async fn measure_write(write: Write, pool: &PgPool, id: i32) -> Result<f64> {
    let start = Instant::now();
    write.run(pool, id).await?;
    let wall_ms = milliseconds_since(start);
    // The pool tests a connection that is given back, which must not disturb the next write.
    while pool.num_idle() == 0 {
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    Ok(wall_ms)
}
