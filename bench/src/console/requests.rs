//! Pages over loopback: one after the other, and requested by several clients at once.

use std::time::Instant;

use anyhow::Result;
use futures_util::future::try_join_all;

use super::pages::Pages;
use crate::client::Client;
use crate::host::Host;
use crate::measurement::{Measurement, milliseconds_since};
use crate::report::{Table, Target, number};

/// The number of parts for each of which memory and speed are reported.
const PARTS: usize = 10;
/// The pages per second that two processors should serve while they do the work of the database and the clients as well.
const SPEED_TARGET: Target = Target::AtLeast(600.0);
/// The resident memory at the end by that after the first part. What pages leave behind would show.
const MEMORY_TARGET: Target = Target::AtMost(1.1);

/// Measures the time of each page from the request to its last byte.
pub(super) async fn one_by_one(client: &Client, pages: &Pages, samples: usize) -> Result<Measurement> {
    let mut measurement = Measurement::new("request", "");
    for address in pages.addresses().take(samples) {
        let start = Instant::now();
        client.get(address).await?;
        measurement.wall_ms.push(milliseconds_since(start));
    }
    Ok(measurement)
}

/// Measures one part of all pages after the other.
pub(super) async fn at_once(
    client: &Client,
    host: &Host,
    pages: &Pages,
    all: usize,
    clients: usize,
) -> Result<Vec<Measurement>> {
    let pages_each = (all / PARTS / clients).max(1);
    let mut measurements = Vec::new();
    for part in 1..=PARTS {
        let (start, cpu_before) = (Instant::now(), host.cpu_ms());
        // Every client starts with another page.
        try_join_all((0..clients).map(async |number| {
            for address in pages.addresses().skip(number * 7).take(pages_each) {
                client.get(address).await?;
            }
            anyhow::Ok(())
        }))
        .await?;
        let count = (pages_each * clients) as f64;
        let mut measurement = Measurement::new(format!("part {part}"), "at once");
        measurement.cpu_ms.push((host.cpu_ms() - cpu_before) / count);
        measurement.figures = [
            ("pages".to_owned(), count * part as f64),
            ("pages per second".to_owned(), count * 1000.0 / milliseconds_since(start)),
            ("resident bytes".to_owned(), host.resident_bytes()),
        ]
        .into();
        measurements.push(measurement);
    }
    Ok(measurements)
}

pub(super) fn table(parts: &[Measurement]) -> Table {
    let mut table = Table::new(0, ["pages so far", "pages/s", "CPU ms/page", "resident MB", "target"]);
    let first_memory = parts.first().map_or(f64::NAN, |part| part.figure("resident bytes"));
    for part in parts {
        let (speed, memory) = (part.figure("pages per second"), part.figure("resident bytes"));
        let verdicts = format!(
            "speed {}, growth {}",
            SPEED_TARGET.verdict(speed),
            MEMORY_TARGET.verdict(memory / first_memory)
        );
        let figures = [part.figure("pages"), speed, part.cpu(50), memory / 1e6];
        table.row(figures.map(number).into_iter().chain([verdicts]));
    }
    table
}
