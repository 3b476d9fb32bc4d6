//! The report: pages, drawing, load with its memory, first load.

use anyhow::Result;

use super::part::Part;
use crate::bench::digits::{Target, near, thousands};
use crate::bench::machine::Conditions;
use crate::bench::report::{Table, head};

/// Milliseconds within which half of the pages, and 99 % of them, are served.
const PAGE: [Target; 2] = [Target::AtMost(10.0), Target::AtMost(40.0)];
/// Milliseconds for half of the drawings.
const DRAW: Target = Target::AtMost(3.0);
/// Pages a second, of two processors that also do the work of the database and of the clients.
const LOAD: Target = Target::AtLeast(600.0);
/// Resident memory at the end over that of the first tenth: what is left over of each page would show.
const MEMORY: Target = Target::AtMost(1.1);
/// Kilobytes of a first load, and of the compiled islands in it.
const FIRST_LOAD: Target = Target::AtMost(200.0);
const ISLANDS: Target = Target::AtMost(150.0);

pub(super) fn text(conditions: &Conditions, parts: &[Part]) -> Result<String> {
    let mut text = head("How fast the console is", conditions);
    for part in parts {
        text += &match part {
            part if part.is("pages") => about(part),
            part if part.is("page") => times("One page after the other, as the client waits", part, &PAGE)?,
            part if part.is("draw") => times("Drawing alone", part, &[DRAW])?,
            part if part.is("load") => load(part),
            part if part.is("first_load") => first_load(part),
            _ => continue,
        };
    }
    Ok(text)
}

fn about(part: &Part) -> String {
    let (changes, transactions) = (part.number("changes"), part.number("transactions"));
    format!("\n{changes} changes on a page, in {} transactions on average\n", near(transactions))
}

fn times(title: &str, part: &Part, targets: &[Target]) -> Result<String> {
    let times = part.times()?;
    let mut table = Table::new(0, ["pages", "median ms", "95 % ms", "99 % ms", "most ms", "target"]);
    let verdicts: Vec<String> =
        targets.iter().zip([50, 99]).map(|(target, percent)| target.verdict(times.within(percent))).collect();
    let mut row = vec![thousands(&times.count().to_string())];
    row.extend([50, 95, 99, 100].map(|percent| near(times.within(percent))));
    row.push(verdicts.join(", "));
    table.row(row);
    Ok(format!("\n{title}\n\n{}", table.text()))
}

fn load(part: &Part) -> String {
    let blocks = part.list("blocks");
    let mut table = Table::new(0, ["pages so far", "pages/s", "CPU ms/page", "resident MB"]);
    table.row(vec!["0".to_owned(), String::new(), String::new(), megabytes(part)]);
    let (mut pages, mut seconds) = (0.0, 0.0);
    for block in &blocks {
        let (these, time) = (block.number("pages"), block.number("seconds"));
        pages += these;
        seconds += time;
        table.row(vec![
            thousands(&pages.to_string()),
            near(these / time),
            near(block.number("processor_seconds") * 1000.0 / these),
            megabytes(block),
        ]);
    }
    let memory = |block: Option<&Part>| block.map_or(0.0, |block| block.number("resident_bytes"));
    let growth = memory(blocks.last()) / memory(blocks.first());
    let speed = pages / seconds;
    format!(
        "\n{} clients at once\n\n{}\n{} pages/s: {}\nmemory at the end over that after the first tenth: {} {}\n",
        part.number("clients"),
        table.text(),
        LOAD.show(speed),
        LOAD.verdict(speed),
        MEMORY.show(growth),
        MEMORY.verdict(growth),
    )
}

fn megabytes(part: &Part) -> String {
    near(part.number("resident_bytes") / 1e6)
}

fn first_load(part: &Part) -> String {
    let parts = part.list("parts");
    let mut table = Table::new(1, ["part", "kB", "kB brotli", "target"]);
    let (mut plain, mut packed) = (0.0, 0.0);
    for part in &parts {
        let (bytes, brotli) = (part.number("bytes") / 1e3, part.number("brotli") / 1e3);
        plain += bytes;
        packed += brotli;
        let name = part.text("name");
        let verdict = if name.ends_with(".wasm") { ISLANDS.verdict(brotli) } else { String::new() };
        table.row(vec![name.to_owned(), near(bytes), near(brotli), verdict]);
    }
    table.row(vec!["all".to_owned(), near(plain), near(packed), FIRST_LOAD.verdict(packed)]);
    format!("\nFirst load\n\n{}", table.text())
}
