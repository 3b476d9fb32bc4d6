//! Medians, and what most writes took.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::bench::digits::{Target, near};
use crate::bench::machine::Conditions;
use crate::bench::report::{Table, head};

/// One kind of write, one way to the server.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) json: Value,
    way: String,
    write: String,
    trips: Option<u64>,
    /// Sorted.
    microseconds: Vec<f64>,
}

impl Sample {
    pub(super) fn read(line: &str) -> Result<Self> {
        let json: Value = serde_json::from_str(line).with_context(|| format!("the bench said {line:?}"))?;
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        let times = json["nanoseconds"].as_array().into_iter().flatten().filter_map(Value::as_f64);
        let mut microseconds: Vec<f64> = times.map(|nanoseconds| nanoseconds / 1000.0).collect();
        if microseconds.is_empty() {
            bail!("the bench measured nothing: {line:?}");
        }
        microseconds.sort_by(f64::total_cmp);
        let (way, write, trips) = (text("way"), text("write"), json["round_trips"].as_u64());
        Ok(Self { way, write, trips, microseconds, json })
    }

    /// The time within which so many of a hundred were done.
    fn within(&self, percent: usize) -> f64 {
        let rank = (self.microseconds.len() * percent).div_ceil(100).max(1);
        self.microseconds.get(rank - 1).copied().unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_samples_is_within_a_time() {
        let times: Vec<String> = (1..=200).rev().map(|time| (time * 1000).to_string()).collect();
        let times = times.join(",");
        let line =
            format!(r#"{{"way": "direct", "write": "host", "round_trips": 3, "nanoseconds": [{times}]}}"#);
        let sample = Sample::read(&line).unwrap();
        assert_eq!([50, 95, 99, 100].map(|percent| sample.within(percent)), [100.0, 190.0, 198.0, 200.0]);
        assert!(Sample::read(r#"{"nanoseconds": []}"#).is_err());
    }
}
