//! Which tables are captured.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::catalog::Snapshot;
use super::finding::{Command, Finding};
use super::remedy::{Remedy, generate};
use super::unit::Unit;
use super::{Schemas, Severity, functions, sensitive, trail, triggers};
use crate::capture::CaptureMode;
use crate::{Config, StorageSchema, TableName};

/// Tables that tools of migration write for themselves, in whatever schema.
pub const EXPECTED_UNCOVERED: [&str; 2] = ["_sqlx_migrations", "schema_migrations"];

/// Who says that a gap is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapSource {
    /// [`EXPECTED_UNCOVERED`].
    Baseline,
    /// `threadline.toml`.
    Config,
}

/// Whether a table is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoverageStatus {
    /// Every write of every kind reaches the trail, under the table's own policy.
    Covered,
    /// It has no triggers of Threadline, or one of its findings is an error.
    Uncovered,
    /// It has no triggers, and needs none.
    ExpectedUncovered(GapSource),
}

/// One table of the host; partitions count with their table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableCoverage {
    /// The table.
    pub table: TableName,
    /// Whether it is captured.
    pub status: CoverageStatus,
    /// Once per statement or once per row, where its function says so.
    pub mode: Option<CaptureMode>,
    /// Columns that appear nowhere in the trail.
    pub exclude: Vec<String>,
    /// Columns whose values are replaced.
    pub mask: Vec<String>,
    /// Captures it, where it has no triggers and needs some; `None` where no command would work as things stand.
    pub command: Option<Command>,
    /// Who has to run the command, where the role that checked may not: `a superuser or a member of billing`.
    pub run_as: Option<String>,
    /// What has to be done first, where it needs triggers and no command would make them.
    pub obstacle: Option<String>,
}

/// The tables of some schemas, and what is not as it should be, all at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CoverageReport {
    /// The moment, by the clock of the database.
    pub checked_at: DateTime<Utc>,
    /// Every schema that has a table, and those that were asked for, in order.
    pub schemas: Vec<String>,
    /// By schema and name.
    pub tables: Vec<TableCoverage>,
    /// By schema, table, code and message. Those of the trail itself are in every report.
    pub findings: Vec<Finding>,
}

impl CoverageReport {
    /// The captured tables.
    pub fn covered(&self) -> impl Iterator<Item = &TableCoverage> {
        self.tables.iter().filter(|table| table.status == CoverageStatus::Covered)
    }

    /// The tables that need capture.
    pub fn uncovered(&self) -> impl Iterator<Item = &TableCoverage> {
        self.tables.iter().filter(|table| table.status == CoverageStatus::Uncovered)
    }

    /// The tables that need none, each with who says so.
    pub fn expected_uncovered(&self) -> impl Iterator<Item = (&TableCoverage, GapSource)> {
        self.tables.iter().filter_map(|table| match table.status {
            CoverageStatus::ExpectedUncovered(source) => Some((table, source)),
            _ => None,
        })
    }

    /// How many findings are that severe.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity() == severity).count()
    }
}

pub(super) fn report(
    snapshot: &Snapshot,
    units: &[Unit<'_>],
    storage: &StorageSchema,
    schemas: &Schemas,
) -> CoverageReport {
    let sensitive = sensitive::columns(snapshot);
    let trail_owner = snapshot.trail.owner.as_deref();
    let mut findings = Vec::new();
    let mut tables = Vec::new();
    let mut names: Vec<String> = schemas.named().to_vec();
    for unit in units {
        let schema = unit.table().schema();
        if !schemas.contain(schema) {
            continue;
        }
        if !names.iter().any(|name| name == schema) {
            names.push(schema.to_owned());
        }
        let found = if unit.root.triggers.is_empty() {
            of_uncaptured(unit)
        } else {
            of_unit(unit, &sensitive, trail_owner)
        };
        tables.push(coverage(unit, &found));
        findings.extend(found);
    }
    trail::check(snapshot, storage, &mut findings);
    findings.sort_by(|one, other| one.place().cmp(&other.place()));
    names.sort_unstable();
    CoverageReport { checked_at: snapshot.trail.checked_at, schemas: names, tables, findings }
}

fn of_unit(unit: &Unit<'_>, sensitive: &HashSet<&str>, trail_owner: Option<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    triggers::check(unit, &mut findings);
    functions::check(unit, &mut findings);
    sensitive::check(unit, sensitive, &mut findings);
    functions::owner(unit, trail_owner, &mut findings);
    findings
}

/// A table that needs capture here, and is captured for another trail.
fn of_uncaptured(unit: &Unit<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if expected_gap(unit.around.config, unit.table()).is_none() {
        triggers::other_trail(unit, &mut findings);
    }
    findings
}

fn coverage(unit: &Unit<'_>, findings: &[Finding]) -> TableCoverage {
    let captured = !unit.root.triggers.is_empty();
    let sound = findings.iter().all(|finding| finding.severity() != Severity::Error);
    let status = match expected_gap(unit.around.config, unit.table()) {
        _ if captured && sound => CoverageStatus::Covered,
        Some(source) if !captured => CoverageStatus::ExpectedUncovered(source),
        _ => CoverageStatus::Uncovered,
    };
    let deployed = unit.deployed();
    let remedy = (!captured && status == CoverageStatus::Uncovered).then(|| generate(unit));
    let (command, run_as, obstacle) = remedy.map_or((None, None, None), Remedy::into_parts);
    TableCoverage {
        table: unit.table().clone(),
        status,
        mode: deployed.map(|policy| policy.mode),
        exclude: deployed.map(|policy| policy.exclude.clone()).unwrap_or_default(),
        mask: deployed.map(|policy| policy.mask.clone()).unwrap_or_default(),
        command,
        run_as,
        obstacle,
    }
}

fn expected_gap(config: &Config, table: &TableName) -> Option<GapSource> {
    if config.audit_anyway.contains(table) {
        None
    } else if config.expected_uncovered_tables.contains(table) {
        Some(GapSource::Config)
    } else {
        EXPECTED_UNCOVERED.contains(&table.name()).then_some(GapSource::Baseline)
    }
}
