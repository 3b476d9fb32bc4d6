//! The report: every case of its own kind; of the many pairs, those that miss their target, and the slowest of each pair.

use super::sample::{Limits, Sample};
use crate::bench::digits::near;
use crate::bench::machine::Conditions;
use crate::bench::report::{Table, head};

pub(super) fn text(conditions: &Conditions, samples: &[Sample], sizes: &str) -> String {
    let mut text = head("How long the trail takes to answer", conditions);
    text += &format!("\nSizes\n\n{sizes}");
    let met = samples.iter().filter(|sample| sample.is_met()).count();
    text += &format!("\n{met} of {} cases met their target\n", samples.len());
    let (pairs, others): (Vec<_>, Vec<_>) = samples.iter().partition(|sample| pair(sample).is_some());
    text += &section("Cases", &others);
    text += &section("Pairs of filters, the slowest values of each", &slowest(&pairs));
    let missed: Vec<_> = pairs.into_iter().filter(|sample| !sample.is_met()).collect();
    text += &section("Pairs of filters that missed their target", &missed);
    text
}

/// The keys of a pair, in front of which values they had.
fn pair(sample: &Sample) -> Option<(&str, &str)> {
    let keys = sample.name.split_once(": ").map(|(keys, _)| keys).filter(|keys| keys.contains(" + "))?;
    Some((&sample.group, keys))
}

fn slowest<'a>(pairs: &[&'a Sample]) -> Vec<&'a Sample> {
    let mut slowest: Vec<&Sample> = Vec::new();
    for &sample in pairs {
        match slowest.iter_mut().find(|other| pair(other) == pair(sample)) {
            Some(other) if other.within(50) >= sample.within(50) => {}
            Some(other) => *other = sample,
            None => slowest.push(sample),
        }
    }
    slowest
}

fn section(title: &str, samples: &[&Sample]) -> String {
    if samples.is_empty() {
        return String::new();
    }
    let heads = [
        "case",
        "",
        "calls",
        "median ms",
        "95 % ms",
        "99 % ms",
        "most ms",
        "rows",
        "read",
        "pages",
        "target",
    ];
    let mut table = Table::new(2, heads);
    for sample in samples {
        table.row(vec![
            sample.group.clone(),
            sample.name.clone(),
            sample.calls().to_string(),
            near(sample.within(50)),
            near(sample.within(95)),
            near(sample.within(99)),
            near(sample.within(100)),
            sample.processor.map_or_else(String::new, near),
            near(sample.rows),
            near(sample.read),
            near(sample.pages),
            verdict(sample),
        ]);
    }
    format!("\n{title}\n\n{}", table.text())
}

fn verdict(sample: &Sample) -> String {
    let Limits { median, most } = sample.limits();
    let median = median.map_or_else(String::new, |median| format!("{median}/"));
    let word = if sample.is_met() { "met" } else { "missed" };
    let failures = if sample.failures == 0 { String::new() } else { format!(", {} failed", sample.failures) };
    format!("≤ {median}{most} {word}{failures}")
}
