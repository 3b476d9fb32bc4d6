//! What a run leaves behind.

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::machine::Conditions;
use crate::paths;

/// Two runs at a time would measure each other.
pub(super) fn lock() -> Result<File> {
    let file = folder()?.join("lock");
    let lock = File::create(&file).with_context(|| format!("cannot make {}", file.display()))?;
    lock.try_lock().context("another measurement of this checkout runs: wait for its end")?;
    Ok(lock)
}

/// Every figure of every round as JSON, and the report beside it.
pub(super) fn keep(
    subject: &str,
    name: &str,
    conditions: &Conditions,
    samples: &Value,
    report: &str,
) -> Result<()> {
    let folder = folder()?;
    let conditions: Map<String, Value> =
        conditions.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
    let document = json!({ "format_version": 1, "conditions": conditions, "samples": samples });
    for (kind, text) in [("json", format!("{document:#}\n")), ("txt", report.to_owned())] {
        let file = folder.join(format!("{subject}-{name}.{kind}"));
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        eprintln!("kept {}", file.display());
    }
    Ok(())
}

fn folder() -> Result<PathBuf> {
    let folder = paths::target().join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
