//! How long something took, time and again.

use anyhow::{Result, bail};
use serde_json::Value;

/// Milliseconds, sorted.
#[derive(Debug)]
pub(super) struct Times(Vec<f64>);

impl Times {
    /// Reads the `nanoseconds` of what a measuring program said.
    pub(super) fn read(said: &Value) -> Result<Self> {
        let times = said["nanoseconds"].as_array().into_iter().flatten().filter_map(Value::as_f64);
        let mut times: Vec<f64> = times.map(|nanoseconds| nanoseconds / 1e6).collect();
        if times.is_empty() {
            bail!("the bench measured nothing: {said}");
        }
        times.sort_by(f64::total_cmp);
        Ok(Self(times))
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time within which so many of a hundred were done.
    pub(super) fn within(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_share_of_the_times_is_within_one_of_them() {
        let nanoseconds: Vec<f64> = (1..=200).rev().map(|time| f64::from(time) * 1e6).collect();
        let times = Times::read(&json!({ "nanoseconds": nanoseconds })).unwrap();
        assert_eq!([50, 95, 99, 100].map(|percent| times.within(percent)), [100.0, 190.0, 198.0, 200.0]);
        assert!(Times::read(&json!({ "nanoseconds": [] })).is_err());
    }
}
