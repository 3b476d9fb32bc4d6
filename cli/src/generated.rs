//! What `threadline gen triggers` says.

use serde::Serialize;
use threadline::capture::PlannedTable;

use crate::escape::{self, escaped};
use crate::failure::Failure;
use crate::json;
use crate::migration::Migration;
use crate::output::Report;

/// What became of a plan.
pub(crate) enum Outcome {
    Applied,
    Written(Migration),
    DryRun,
}

pub(crate) struct Generated<'a> {
    pub(crate) tables: &'a [PlannedTable],
    pub(crate) outcome: Outcome,
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    outcome: &'static str,
    tables: Vec<Table<'a>>,
    up: Option<String>,
    down: Option<String>,
}

#[derive(Serialize)]
struct Table<'a> {
    table_schema: &'a str,
    table_name: &'a str,
    capture: &'static str,
    key: &'a [String],
    exclude: &'a [String],
    mask: &'a [String],
    warnings: &'a [String],
}

impl Generated<'_> {
    pub(crate) fn text(&self) -> Report {
        let shown = |path: &std::path::Path| escaped(&path.display().to_string());
        match &self.outcome {
            Outcome::Applied => {
                let names: Vec<_> = self.tables.iter().map(|planned| escape::table(&planned.table)).collect();
                format!("Captured from now on: {}.\n", names.join(", "))
            }
            Outcome::Written(Migration { up, down }) => {
                format!("Written: {}\nWritten: {}\n", shown(up), shown(down))
            }
            Outcome::DryRun => {
                let lines = self.tables.iter().map(|planned| escaped(&planned.to_string()) + "\n");
                lines.collect::<String>() + "[dry-run] no migration file written\n"
            }
        }
    }

    pub(crate) fn json(&self) -> Result<Report, Failure> {
        let (outcome, migration) = match &self.outcome {
            Outcome::Applied => ("applied", None),
            Outcome::Written(migration) => ("written", Some(migration)),
            Outcome::DryRun => ("dry_run", None),
        };
        json::line(&Document {
            format_version: json::FORMAT_VERSION,
            outcome,
            tables: self.tables.iter().map(Table::from).collect(),
            up: migration.map(|migration| migration.up.display().to_string()),
            down: migration.map(|migration| migration.down.display().to_string()),
        })
    }
}

impl<'a> From<&'a PlannedTable> for Table<'a> {
    fn from(planned: &'a PlannedTable) -> Self {
        Self {
            table_schema: planned.table.schema(),
            table_name: planned.table.name(),
            capture: planned.mode.as_str(),
            key: &planned.key,
            exclude: &planned.exclude,
            mask: &planned.mask,
            warnings: &planned.warnings,
        }
    }
}
