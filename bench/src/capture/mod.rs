//! `cargo xtask bench capture`: what capture adds to a write, next to no trigger and to a usual row trigger.

mod report;
mod storage;
mod variant;
mod writes;

use anyhow::{Context, Result};
use clap::{Args, value_parser};
use sqlx::PgConnection;

use self::storage::Sizes;
use self::variant::{BASE_ROWS, Variant};
use self::writes::Operation;
use crate::conditions::Conditions;
use crate::measurement::{Measurement, find_or_add};
use crate::report::number;
use crate::server::Server;

/// Statements of each session before those that are measured.
const WARM_UP_STATEMENTS: i64 = 100;
/// Statements that one variant runs before it is the turn of the next one.
const SLICE_STATEMENTS: usize = 200;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of rounds. In each of them, every variant is measured once.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// The number of statements on single rows in each series.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = value_parser!(i64).range(10..=5000))]
    statements: i64,
    /// The number of clients in the series that are run by several at once.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = value_parser!(u32).range(2..=100))]
    clients: u32,
    /// The numbers of rows of the statements on many rows.
    #[arg(long, value_name = "ROWS", value_delimiter = ',', default_value = "50000", value_parser = value_parser!(i64).range(1..=5_000_000))]
    rows: Vec<i64>,
    /// The variants that are measured.
    #[arg(long, value_name = "VARIANTS", value_enum, value_delimiter = ',', default_values_t = Variant::ALL)]
    variants: Vec<Variant>,
    /// The number of changes that each trail holds before the first round.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = value_parser!(i64).range(0..=100_000_000))]
    stored: i64,
    /// Write with an actor, as an audited transaction of an application does.
    #[arg(long)]
    actor: bool,
    /// Three short rounds, which take about a minute.
    #[arg(long, conflicts_with_all = ["rounds", "statements", "rows"])]
    quick: bool,
}

pub(crate) async fn run(options: &Options, server: &Server) -> Result<()> {
    let mut conditions = Conditions::read(server).await?;
    let (rounds, statements, rows) = match options.quick {
        true => (3, 1000, [20_000].as_slice()),
        false => (options.rounds, options.statements, options.rows.as_slice()),
    };
    conditions.add("table", format!("12 columns, {} rows before each round", number(BASE_ROWS as f64)));
    conditions.add("trail", format!("{} changes before the first round", number(options.stored as f64)));
    conditions.add("actor", if options.actor { "user:42 in every session" } else { "none" });
    conditions.add("rounds", format!("{rounds}, with {statements} statements on single rows in each series"));
    let mut variants = options.variants.clone();
    for variant in &variants {
        eprintln!("preparing {}", variant.name());
        variant.prepare(server, options.stored).await?;
    }
    let mut measurements = Vec::new();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        let mut trials = Vec::new();
        for &variant in &variants {
            trials.push(Trial::start(variant, server, options).await?);
        }
        single_rows(&mut trials, statements, &mut measurements).await?;
        record_sizes("single rows", &mut trials, &mut measurements).await?;
        many_rows(&mut trials, rows, &mut measurements).await?;
        record_sizes("many rows", &mut trials, &mut measurements).await?;
        // Every variant is the first one in turn.
        variants.rotate_left(1);
    }
    for variant in &variants {
        server.drop_database(&variant.database()).await?;
    }
    measurements.sort_by_key(|measurement: &Measurement| {
        options.variants.iter().position(|variant| variant.name() == measurement.variant)
    });
    let cases: Vec<String> = measurements.iter().map(|measurement| measurement.case.clone()).collect();
    measurements.sort_by_key(|measurement| cases.iter().position(|case| *case == measurement.case));
    report::report(conditions, &measurements).finish(&measurements)
}

/// One round of one variant.
struct Trial {
    variant: Variant,
    sessions: Vec<PgConnection>,
    sizes: Sizes,
}

impl Trial {
    async fn start(variant: Variant, server: &Server, options: &Options) -> Result<Self> {
        variant.reset(server, options.stored == 0).await?;
        let mut sessions = Vec::new();
        for _ in 0..options.clients {
            let mut session = server.connect(&variant.database()).await?;
            if options.actor {
                let sql = r#"SET threadline.actor_ref = '{"type": "user", "id": "42"}'"#;
                sqlx::query(sql).execute(&mut session).await?;
            }
            sessions.push(session);
        }
        let sizes = Sizes::read(&mut sessions[0], variant.schema()).await?;
        Ok(Self { variant, sessions, sizes })
    }
}

/// Measures statements on single rows. A series is cut into slices in which the variants take turns, so that other work on the
/// machine disturbs all of them alike.
async fn single_rows(
    trials: &mut [Trial],
    statements: i64,
    measurements: &mut Vec<Measurement>,
) -> Result<()> {
    for operation in Operation::ALL {
        for trial in &mut *trials {
            writes::single_rows(&mut trial.sessions, operation, 0..WARM_UP_STATEMENTS).await?;
        }
        let clients = trials.first().map_or(0, |trial| trial.sessions.len());
        for (series, clients) in (0..).zip([1, clients]) {
            let case = match clients {
                1 => operation.name().to_owned(),
                _ => format!("{}, {clients} clients", operation.name()),
            };
            let first = WARM_UP_STATEMENTS + series * statements;
            for slice in (first..first + statements).step_by(SLICE_STATEMENTS) {
                let numbers = slice..(slice + SLICE_STATEMENTS as i64).min(first + statements);
                for trial in &mut *trials {
                    let sessions = &mut trial.sessions[..clients];
                    let (wall_ms, cpu_ms) = writes::single_rows(sessions, operation, numbers.clone())
                        .await
                        .with_context(|| format!("{} failed", trial.variant.name()))?;
                    let measurement = find_or_add(measurements, &case, trial.variant.name());
                    measurement.wall_ms.extend(wall_ms);
                    measurement.cpu_ms.push(cpu_ms);
                }
            }
        }
    }
    Ok(())
}

/// Measures statements on many rows.
async fn many_rows(trials: &mut [Trial], rows: &[i64], measurements: &mut Vec<Measurement>) -> Result<()> {
    for &rows in rows {
        for operation in Operation::ALL {
            let case = format!("{} {} rows", operation.name(), number(rows as f64));
            for trial in &mut *trials {
                let (wall_ms, cpu_ms) = writes::many_rows(&mut trial.sessions[0], operation, rows).await?;
                let measurement = find_or_add(measurements, &case, trial.variant.name());
                measurement.wall_ms.push(wall_ms);
                measurement.cpu_ms.push(cpu_ms);
            }
        }
    }
    Ok(())
}

/// Records what the trails have grown by since the last call or the start of the round.
async fn record_sizes(
    workload: &str,
    trials: &mut [Trial],
    measurements: &mut Vec<Measurement>,
) -> Result<()> {
    for trial in trials.iter_mut().filter(|trial| trial.variant.schema().is_some()) {
        let sizes = Sizes::read(&mut trial.sessions[0], trial.variant.schema()).await?;
        let case = format!("{}{workload}", storage::CASE_PREFIX);
        find_or_add(measurements, &case, trial.variant.name()).figures = sizes.bytes_per_change(&trial.sizes);
        trial.sizes = sizes;
    }
    Ok(())
}
