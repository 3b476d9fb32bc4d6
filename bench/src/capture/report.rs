//! The tables of the report.

use super::storage::{CASE_PREFIX, CHANGES};
use super::variant::Variant;
use std::collections::BTreeSet;

use crate::conditions::Conditions;
use crate::measurement::{Measurement, find};
use crate::report::{Report, Table, Target, number};

/// The quotient of the bytes of Threadline and of the row trigger.
const BYTES_TARGET: Target = Target::AtMost(0.75);

pub(super) fn report(conditions: Conditions, measurements: &[Measurement]) -> Report {
    let mut report = Report::new("capture", conditions);
    let (sizes, times): (Vec<_>, Vec<_>) = measurements.iter().partition(|m| m.case.starts_with(CASE_PREFIX));
    report.section("Time of one statement, in milliseconds", &time_table(&times, measurements));
    report.paragraph(
        "CPU is the time of the server process for one statement: of each slice of statements on single rows, and of each statement on \
         many rows. The speed-up is the CPU time of the row trigger by that of the variant, for the lowest figures and for the \
         medians; the target is for the medians.",
    );
    report.section("Disk space of one change, in bytes", &size_table(&sizes, measurements));
    report.section("Disk space of one change by table and index, in bytes", &relation_table(&sizes));
    report
}

fn time_table(times: &[&Measurement], all: &[Measurement]) -> Table {
    let header = [
        "case",
        "variant",
        "wall p50",
        "wall p95",
        "CPU min",
        "CPU median",
        "speed-up min",
        "speed-up median",
        "target",
    ];
    let mut table = Table::new(2, header);
    for time in times {
        let baseline = find(all, &time.case, Variant::RowTrigger.name());
        let ratio = |percent| baseline.map_or(f64::NAN, |baseline| baseline.cpu(percent) / time.cpu(percent));
        let verdict = target(time).map(|target| target.verdict(ratio(50)));
        let figures = [time.wall(50), time.wall(95), time.cpu(0), time.cpu(50), ratio(0), ratio(50)];
        let names = [time.case.clone(), time.variant.clone()];
        table.row(names.into_iter().chain(figures.map(number)).chain([verdict.unwrap_or_default()]));
    }
    table
}

/// Returns how many times the CPU time of the variant the row trigger should take. Each mode is meant for one kind of statement.
fn target(time: &Measurement) -> Option<Target> {
    let is_bulk = time.case.ends_with("rows");
    match time.variant.as_str() {
        "row" if !is_bulk => Some(Target::AtLeast(1.2)),
        "statement" if is_bulk => Some(Target::AtLeast(3.2)),
        "statement" => Some(Target::AtLeast(1.0)),
        _ => None,
    }
}

fn size_table(sizes: &[&Measurement], all: &[Measurement]) -> Table {
    let header = ["workload", "variant", "changes", "tables", "indexes", "all", "by row trigger", "target"];
    let mut table = Table::new(2, header);
    for size in sizes {
        let baseline = find(all, &size.case, Variant::RowTrigger.name());
        let [tables, indexes] = [true, false].map(|is_table| bytes(size, is_table));
        let ratio = baseline.map_or(f64::NAN, |baseline| {
            (tables + indexes) / (bytes(baseline, true) + bytes(baseline, false))
        });
        let is_baseline = size.variant == Variant::RowTrigger.name();
        let verdict = if is_baseline { String::new() } else { BYTES_TARGET.verdict(ratio) };
        let figures = [size.figure(CHANGES), tables, indexes, tables + indexes, ratio];
        let workload = size.case.trim_start_matches(CASE_PREFIX).to_owned();
        let names = [workload, size.variant.clone()];
        table.row(names.into_iter().chain(figures.map(number)).chain([verdict]));
    }
    table
}

/// Returns the bytes of all tables or of all indexes.
fn bytes(size: &Measurement, of_tables: bool) -> f64 {
    let relations = size.figures.iter().filter(|(relation, _)| *relation != CHANGES);
    relations.filter(|(relation, _)| relation.ends_with("(table)") == of_tables).map(|(_, bytes)| bytes).sum()
}

/// Returns a row for each table and index that takes space, and a column for each variant and workload.
fn relation_table(sizes: &[&Measurement]) -> Table {
    let workload = |size: &Measurement| size.case.trim_start_matches(CASE_PREFIX).to_owned();
    let header = sizes.iter().map(|size| format!("{}, {}", size.variant, workload(size)));
    let mut table = Table::new(1, ["table or index".to_owned()].into_iter().chain(header));
    let relations: BTreeSet<&String> = sizes.iter().flat_map(|size| size.figures.keys()).collect();
    for relation in relations.into_iter().filter(|relation| *relation != CHANGES) {
        let bytes: Vec<f64> = sizes.iter().map(|size| size.figure(relation)).collect();
        if bytes.iter().any(|&bytes| bytes > 0.0) {
            table.row([relation.clone()].into_iter().chain(bytes.into_iter().map(number)));
        }
    }
    table
}
