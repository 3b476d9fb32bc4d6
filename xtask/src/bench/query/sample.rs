//! What the measuring program says about one case.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::bench::times::Times;

#[derive(Debug)]
pub(super) struct Sample {
    pub(super) json: Value,
    pub(super) group: String,
    pub(super) name: String,
    /// Per call: returned (or counted) rows, rows and index entries read, pages read.
    pub(super) rows: f64,
    pub(super) read: f64,
    pub(super) pages: f64,
    /// Milliseconds per call of the server's process that served us; not of its helpers.
    pub(super) processor: Option<f64>,
    pub(super) failures: usize,
    times: Times,
}

/// What a case of a group may take, in milliseconds: half of its calls, and 99 % of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) median: Option<f64>,
    pub(super) most: f64,
}

impl Sample {
    pub(super) fn read(line: &str) -> Result<Self> {
        let json: Value = serde_json::from_str(line).with_context(|| format!("the bench said {line:?}"))?;
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| json[name].as_f64().unwrap_or_default();
        let times = Times::read(&json)?;
        let (group, name) = (text("group"), text("name"));
        let (rows, read, pages) = (number("rows"), number("read"), number("pages"));
        let failures = json["failures"].as_array().map_or(0, Vec::len);
        let processor = json["processor_ms"].as_f64();
        Ok(Self { json, group, name, rows, read, pages, processor, failures, times })
    }

    pub(super) fn calls(&self) -> usize {
        self.times.count()
    }

    /// The milliseconds within which so many of a hundred calls were done.
    pub(super) fn within(&self, percent: usize) -> f64 {
        self.times.within(percent)
    }

    pub(super) fn limits(&self) -> Limits {
        match self.group.as_str() {
            "count" => Limits { median: None, most: 25.0 },
            "row" | "transaction" => Limits { median: None, most: 10.0 },
            "worst" => Limits { median: None, most: 50.0 },
            _ => Limits { median: Some(5.0), most: 25.0 },
        }
    }

    pub(super) fn is_met(&self) -> bool {
        let Limits { median, most } = self.limits();
        self.failures == 0 && self.within(99) <= most && median.is_none_or(|median| self.within(50) <= median)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_figures_decide() {
        let sample = |group: &str, times: &[f64]| {
            let nanoseconds: Vec<f64> = times.iter().map(|time| time * 1e6).collect();
            Sample::read(&serde_json::json!({ "group": group, "nanoseconds": nanoseconds }).to_string())
                .unwrap()
        };
        assert!(sample("single", &[5.0, 4.0, 25.0]).is_met());
        assert!(!sample("single", &[5.01, 5.01, 4.0]).is_met());
        assert!(!sample("pair", &[1.0, 1.0, 25.1]).is_met());
        assert!(sample("count", &[24.0]).is_met());
        assert!(!sample("row", &[10.1]).is_met());
        assert!(Sample::read(r#"{"group": "row", "nanoseconds": []}"#).is_err());
    }
}
