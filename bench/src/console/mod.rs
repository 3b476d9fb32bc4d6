//! `cargo xtask bench console`: how long the console takes to serve and to render its timeline.

mod pages;
mod rendering;
mod requests;

use anyhow::Result;
use clap::{Args, value_parser};
use threadline::AuditTrail;

use self::pages::Pages;
use crate::client::Client;
use crate::conditions::Conditions;
use crate::host::Host;
use crate::measurement::Measurement;
use crate::query::seed;
use crate::report::{Report, Table, Target, number};
use crate::server::Server;

/// Pages that are not counted, while connections are made and the database reads what was not read for long.
const WARM_UP_PAGES: usize = 500;
/// The milliseconds within which half of the pages, and 99 % of them, should be served.
const PAGE_TARGETS: [Target; 2] = [Target::AtMost(10.0), Target::AtMost(40.0)];
/// The milliseconds within which half of the pages should be rendered.
const RENDERING_TARGET: Target = Target::AtMost(3.0);

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of changes in the trail, which is created once and kept, for `query` as well.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = value_parser!(u64).range(10_000..=100_000_000))]
    rows: u64,
    /// The number of pages that are requested one after the other, and the number that are rendered.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = value_parser!(u32).range(100..=1_000_000))]
    samples: u32,
    /// The number of pages that are requested by several clients at once.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = value_parser!(u32).range(100..=10_000_000))]
    pages: u32,
    /// The number of clients.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = value_parser!(u32).range(1..=1000))]
    clients: u32,
    /// Create the trail anew.
    #[arg(long)]
    fresh: bool,
}

pub(crate) async fn run(options: &Options, server: &Server) -> Result<()> {
    let database = seed::find_or_create(server, options.rows, options.fresh).await?;
    let trail = AuditTrail::new(server.pool(&database));
    let pages = Pages::find(&trail, server, &database).await?;
    let mut conditions = Conditions::read(server).await?;
    conditions.add("trail", format!("{} changes over 24 months", number(options.rows as f64)));
    conditions.add("host", "a process of its own with mimalloc, prepared statements, HTTP/1.1 over loopback");
    conditions.add("pages", pages.description());
    let (host, samples) = (Host::start(&[&database], &[])?, options.samples as usize);
    let client = Client::new(host.port);
    for address in pages.addresses().take(WARM_UP_PAGES) {
        client.get(address).await?;
    }
    let served = requests::one_by_one(&client, &pages, samples).await?;
    let rendered = rendering::measure(&trail, &pages, samples).await?;
    let load =
        requests::at_once(&client, &host, &pages, options.pages as usize, options.clients as usize).await?;

    let mut report = Report::new("console", conditions);
    report.section("Requests one after the other, in milliseconds", &time_table(&served, &PAGE_TARGETS));
    report.section("Rendering alone, in milliseconds", &time_table(&rendered, &[RENDERING_TARGET]));
    report.section(&format!("Requests of {} clients at once", options.clients), &requests::table(&load));
    let measurements: Vec<_> = [served, rendered].into_iter().chain(load).collect();
    report.finish(&measurements)
}

fn time_table(measurement: &Measurement, targets: &[Target]) -> Table {
    let mut table = Table::new(0, ["pages", "p50", "p95", "p99", "max", "target"]);
    let percentiles = [50, 95, 99, 100].map(|percent| measurement.wall(percent));
    let verdicts =
        targets.iter().zip([50, 99]).map(|(target, percent)| target.verdict(measurement.wall(percent)));
    let pages = measurement.wall_ms.len() as f64;
    let cells = [pages].into_iter().chain(percentiles).map(number);
    table.row(cells.chain([verdicts.collect::<Vec<_>>().join(", ")]));
    table
}
