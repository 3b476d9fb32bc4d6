//! What the measuring program says about one part.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::bench::times::Times;

#[derive(Debug)]
pub(super) struct Part {
    pub(super) json: Value,
}

impl Part {
    pub(super) fn read(line: &str) -> Result<Self> {
        let json: Value = serde_json::from_str(line).with_context(|| format!("the bench said {line:?}"))?;
        Ok(Self { json })
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.json["part"] == name
    }

    pub(super) fn number(&self, name: &str) -> f64 {
        self.json[name].as_f64().unwrap_or_default()
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_default()
    }

    /// The parts of this part.
    pub(super) fn list(&self, name: &str) -> Vec<Self> {
        self.json[name].as_array().into_iter().flatten().map(|json| Self { json: json.clone() }).collect()
    }

    pub(super) fn times(&self) -> Result<Times> {
        Times::read(&self.json)
    }
}
