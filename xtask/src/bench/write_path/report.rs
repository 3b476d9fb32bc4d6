//! Medians, and what most writes took.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::bench::digits::{Target, near};
use crate::bench::machine::Conditions;
use crate::bench::report::{Table, head};
use crate::bench::times::Times;

/// One kind of write, one way to the server.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) json: Value,
    way: String,
    write: String,
    trips: Option<u64>,
    times: Times,
}

impl Sample {
    pub(super) fn read(line: &str) -> Result<Self> {
        let json: Value = serde_json::from_str(line).with_context(|| format!("the bench said {line:?}"))?;
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        let times = Times::read(&json)?;
        let (way, write, trips) = (text("way"), text("write"), json["round_trips"].as_u64());
        Ok(Self { way, write, trips, times, json })
    }

    /// The microseconds within which so many of a hundred writes were done.
    fn within(&self, percent: usize) -> f64 {
        self.times.within(percent) * 1000.0
    }
}

pub(super) fn report(conditions: &Conditions, samples: &[Sample]) -> String {
    let heads =
        ["way", "write", "round trips", "median µs", "95 % µs", "99 % µs", "over host, µs", "over host"];
    let mut table = Table::new(2, heads.into_iter().chain(["target"]));
    for sample in samples {
        let host = samples.iter().find(|host| host.way == sample.way && host.write == "host");
        let over = host.map_or(0.0, |host| sample.within(50) - host.within(50));
        let more = host.and_then(|host| Some(sample.trips?.saturating_sub(host.trips?)));
        let target = match sample.write.as_str() {
            "actor" => Some(Target::AtMost(1.0)),
            "action" => Some(Target::AtMost(2.0)),
            _ => None,
        };
        let trips = |trips: Option<u64>| trips.map_or_else(String::new, |trips| trips.to_string());
        table.row(vec![
            sample.way.clone(),
            sample.write.clone(),
            trips(sample.trips),
            near(sample.within(50)),
            near(sample.within(95)),
            near(sample.within(99)),
            if over < 0.0 { format!("-{}", near(-over)) } else { near(over) },
            more.map_or_else(String::new, |more| format!("+{more}")),
            target.zip(more).map_or_else(String::new, |(target, more)| target.verdict(more as f64)),
        ]);
    }
    format!("{}\n{}", head("What an audited transaction costs in time", conditions), table.text())
}
