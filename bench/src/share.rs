//! `cargo xtask bench share`: how long the host's own page takes while many heavy requests of the console run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::{Args, value_parser};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use crate::client::Client;
use crate::conditions::Conditions;
use crate::host::{self, Host};
use crate::measurement::{Measurement, milliseconds_since};
use crate::query::seed;
use crate::report::{Report, Table, Target, number};
use crate::server::Server;

/// The requests of the host's own page in a second. They are sent at a steady rate, however long each takes.
const OWN_REQUESTS_PER_SECOND: u32 = 50;
/// The time for which the load runs before it is measured.
const WARM_UP: Duration = Duration::from_secs(5);
/// The factor by which 99 % of the host's own pages may take longer.
const TARGET: Target = Target::AtMost(3.0);
/// The tables that the operators may see: one common, one rare, and some between.
const SCOPE: &str = "public.t01,public.t02,billing.t03,public.t10,public.t20,public.t40";
/// The requests that cost the console the most: actors with many changes, searches for rarely changed fields, and files.
const HEAVY_ADDRESSES: [&str; 8] = [
    "/audit/actors/service_account/1?window=30d",
    "/audit/actors/user/5?window=30d",
    "/audit/timeline?from=2020-01-01T00:00",
    "/audit/timeline?from=2020-01-01T00:00&field=region",
    "/audit/timeline?from=2020-01-01T00:00&actor=service_account:1&field=due_on",
    "/audit/timeline?from=2020-01-01T00:00&operation=delete",
    "/audit/exports/changes.csv?from=2020-01-01T00:00",
    "/audit/exports/changes.csv?from=2020-01-01T00:00&actor=service_account:1",
];

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of changes in the trail, which is created once and kept, for `query` and `console` as well.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = value_parser!(u64).range(10_000..=100_000_000))]
    rows: u64,
    /// The seconds for which each of the two loads is measured.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// The heavy requests of the console that are waiting for their response at any time, each of another operator.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = value_parser!(u32).range(1..=10_000))]
    requests: u32,
    /// Give the console a pool of its own with this many connections.
    #[arg(long, value_name = "N")]
    read_connections: Option<u32>,
    /// Let this many requests of the console run at the same time, instead of the default.
    #[arg(long, value_name = "N")]
    max_requests: Option<u32>,
}

pub(crate) async fn run(options: &Options, server: &Server) -> Result<()> {
    let database = seed::find_or_create(server, options.rows, false).await?;
    let pool = server.pool(&database);
    host::prepare(&pool).await?;
    pool.close().await;
    let mut arguments = vec![database];
    for (name, value) in
        [("--read-connections", options.read_connections), ("--max-requests", options.max_requests)]
    {
        arguments.extend(value.into_iter().flat_map(|value| [name.to_owned(), value.to_string()]));
    }
    let mut conditions = Conditions::read(server).await?;
    conditions.add("trail", format!("{} changes over 24 months", number(options.rows as f64)));
    conditions.add(
        "host",
        format!(
            "a process of its own on the same processors as the database and the clients: {}",
            arguments[1..].join(" ")
        ),
    );
    conditions.add(
        "own page",
        format!("a ticket in three queries, {OWN_REQUESTS_PER_SECOND} in a second for {} s", options.seconds),
    );
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let host = Host::start(&arguments, &[])?;
    let time = Duration::from_secs(options.seconds);

    // Connections are made, and statements are prepared.
    own_pages(&host, WARM_UP, "").await?;
    let alone = own_pages(&host, time, "alone").await?;
    let load = Load::start(host.port, options.requests);
    sleep(WARM_UP).await;
    let busy = own_pages(&host, time, "with heavy requests").await?;
    let answers = load.stop().await;

    let ratio = busy.wall(99) / alone.wall(99);
    let mut report = Report::new("share", conditions);
    let mut table =
        Table::new(1, ["own page", "requests", "p50 in ms", "p99", "max", "CPU of the host in %"]);
    for measurement in [&alone, &busy] {
        let [p50, p99, max] = [50, 99, 100].map(|percent| measurement.wall(percent));
        let figures = [measurement.wall_ms.len() as f64, p50, p99, max, measurement.cpu(50)];
        table.row([measurement.variant.clone()].into_iter().chain(figures.map(number)));
    }
    report.section("The host's own page", &table);
    report.paragraph(&format!("p99 is {} times as long: {}", number(ratio), TARGET.verdict(ratio)));
    let mut table = Table::new(1, ["answer", "requests"]);
    for (answer, count) in answers {
        table.row([answer, number(count as f64)]);
    }
    report.section(&format!("{} requests of the console at any time", options.requests), &table);
    report.finish(&[alone, busy])
}

/// Requests the host's own page at a steady rate.
async fn own_pages(host: &Host, time: Duration, variant: &str) -> Result<Measurement> {
    let client = Arc::new(Client::new(host.port));
    let mut ticks = interval(Duration::from_secs(1) / OWN_REQUESTS_PER_SECOND);
    let (start, cpu_before) = (Instant::now(), host.cpu_ms());
    let mut requests = JoinSet::new();
    let mut ticket = 0;
    while start.elapsed() < time {
        let due = ticks.tick().await.into_std();
        ticket = ticket % 1000 + 1;
        let client = client.clone();
        requests.spawn(async move {
            client.get(&format!("/tickets/-{ticket}")).await.map(|()| milliseconds_since(due))
        });
    }
    let mut measurement = Measurement::new("own page", variant);
    measurement.cpu_ms.push((host.cpu_ms() - cpu_before) / milliseconds_since(start) * 100.0);
    let mut failed = 0;
    while let Some(request) = requests.join_next().await {
        match request? {
            Ok(time) => measurement.wall_ms.push(time),
            Err(error) => {
                failed += 1;
                measurement.notes.push(error.to_string());
            }
        }
    }
    ensure!(failed == 0, "{failed} of the host's own pages failed, such as {:?}", measurement.notes.first());
    Ok(measurement)
}

/// The answers by status, and requests without an answer.
type Answers = BTreeMap<String, u64>;

/// Heavy requests, each followed by the next one.
#[derive(Debug)]
struct Load {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    answers: Arc<Mutex<Answers>>,
}

impl Load {
    fn start(port: u16, requests: u32) -> Self {
        let (stop, stopped) = watch::channel(false);
        let answers = Arc::<Mutex<Answers>>::default();
        let mut tasks = JoinSet::new();
        for number in 0..requests {
            tasks.spawn(request_forever(port, number, stopped.clone(), answers.clone()));
        }
        Self { stop, tasks, answers }
    }

    /// Ends the load, and gives requests up that are still running.
    async fn stop(mut self) -> Answers {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        // Whatever takes longer is dropped.
        let _ended = timeout(Duration::from_secs(60), ended).await;
        std::mem::take(&mut *self.answers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn request_forever(
    port: u16,
    number: u32,
    stopped: watch::Receiver<bool>,
    answers: Arc<Mutex<Answers>>,
) {
    let (client, operator) = (Client::new(port), format!("operator-{number}"));
    let headers = [("x-operator", operator.as_str()), ("x-scope", SCOPE)];
    for address in HEAVY_ADDRESSES.iter().cycle().skip(number as usize % HEAVY_ADDRESSES.len()) {
        if *stopped.borrow() {
            return;
        }
        let answer = match client.request("GET", address, &headers).await {
            Ok(response) => response.status.as_u16().to_string(),
            Err(error) => format!("{error:?}"),
        };
        *answers.lock().unwrap_or_else(PoisonError::into_inner).entry(answer).or_default() += 1;
    }
}
