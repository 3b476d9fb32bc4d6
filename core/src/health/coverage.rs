//! The coverage report: the tables that are captured, and the findings.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::advice::{Advice, generate_triggers};
use super::catalog::CatalogSnapshot;
use super::finding::Finding;
use super::table_group::TableGroup;
use super::{Remedy, Schemas, Severity, functions, sensitive, trail, triggers};
use crate::capture::CaptureMode;
use crate::{Config, StorageSchema, TableName};

/// The tables of migration tools, which are exempt from capture in every schema.
pub const EXPECTED_UNCOVERED_TABLES: [&str; 2] = ["_sqlx_migrations", "schema_migrations"];

/// The source of an exemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExemptionSource {
    /// The list [`EXPECTED_UNCOVERED_TABLES`].
    Baseline,
    /// The file `threadline.toml`.
    Config,
}

/// The coverage of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoverageStatus {
    /// Every insert, update, delete and truncate reaches the trail, under the table's own policy.
    Covered,
    /// The table has no capture triggers, or one of its findings is an error.
    Uncovered,
    /// The table has no capture triggers and needs none.
    ExpectedUncovered(ExemptionSource),
}

/// The coverage of one table of the host, including its partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableCoverage {
    /// The table.
    pub table: TableName,
    /// The coverage.
    pub status: CoverageStatus,
    /// The capture mode, if its function stores one.
    pub mode: Option<CaptureMode>,
    /// The columns that are left out of the trail.
    pub exclude: Vec<String>,
    /// The columns whose values are replaced by a placeholder.
    pub mask: Vec<String>,
    /// The command that captures the table, if it needs triggers and has none; `None` if something else has to be done first.
    pub remedy: Option<Remedy>,
    /// The roles that may run the command, if the checking role may not: `a superuser or a member of billing`.
    pub run_as: Option<String>,
    /// The reason why no command can create the triggers, and what has to be done first.
    pub obstacle: Option<String>,
}

/// The coverage of the tables of some schemas, with all findings, at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CoverageReport {
    /// The time of the check, by the clock of the database.
    pub checked_at: DateTime<Utc>,
    /// The checked schemas that have a table or were named, sorted by name.
    pub schemas: Vec<String>,
    /// The tables, sorted by schema and name.
    pub tables: Vec<TableCoverage>,
    /// The findings, sorted by schema, table, code and message. Findings about the trail are in every report.
    pub findings: Vec<Finding>,
}

impl CoverageReport {
    /// Returns the captured tables.
    pub fn covered(&self) -> impl Iterator<Item = &TableCoverage> {
        self.tables.iter().filter(|table| table.status == CoverageStatus::Covered)
    }

    /// Returns the tables that need capture.
    pub fn uncovered(&self) -> impl Iterator<Item = &TableCoverage> {
        self.tables.iter().filter(|table| table.status == CoverageStatus::Uncovered)
    }

    /// Returns the exempt tables, each with the source of its exemption.
    pub fn expected_uncovered(&self) -> impl Iterator<Item = (&TableCoverage, ExemptionSource)> {
        self.tables.iter().filter_map(|table| match table.status {
            CoverageStatus::ExpectedUncovered(source) => Some((table, source)),
            _ => None,
        })
    }

    /// Counts the findings of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity() == severity).count()
    }
}

/// Checks the groups of the schemas, and the trail.
pub(super) fn report(
    snapshot: &CatalogSnapshot,
    groups: &[TableGroup<'_>],
    storage: &StorageSchema,
    schemas: &Schemas,
) -> CoverageReport {
    let sensitive = sensitive::sensitive_columns(snapshot);
    let trail_owner = snapshot.trail.owner.as_deref();
    let mut findings = Vec::new();
    let mut tables = Vec::new();
    let mut names: Vec<String> = schemas.named().to_vec();
    for group in groups {
        let schema = group.table().schema();
        if !schemas.contains(schema) {
            continue;
        }
        if !names.iter().any(|name| name == schema) {
            names.push(schema.to_owned());
        }
        let found = if group.root.triggers.is_empty() {
            check_uncaptured(group)
        } else {
            check_captured(group, &sensitive, trail_owner)
        };
        tables.push(table_coverage(group, &found));
        findings.extend(found);
    }
    trail::check(snapshot, storage, &mut findings);
    findings.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
    names.sort_unstable();
    CoverageReport { checked_at: snapshot.trail.checked_at, schemas: names, tables, findings }
}

fn check_captured(
    group: &TableGroup<'_>,
    sensitive: &HashSet<&str>,
    trail_owner: Option<&str>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    triggers::check(group, &mut findings);
    functions::check(group, &mut findings);
    sensitive::check(group, sensitive, &mut findings);
    functions::check_owner(group, trail_owner, &mut findings);
    findings
}

/// Finds a table that needs capture, but is captured for another trail.
fn check_uncaptured(group: &TableGroup<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if exemption(group.context.config, group.table()).is_none() {
        triggers::check_other_trail(group, &mut findings);
    }
    findings
}

fn table_coverage(group: &TableGroup<'_>, findings: &[Finding]) -> TableCoverage {
    let is_captured = !group.root.triggers.is_empty();
    let is_sound = findings.iter().all(|finding| finding.severity() != Severity::Error);
    let status = match exemption(group.context.config, group.table()) {
        _ if is_captured && is_sound => CoverageStatus::Covered,
        Some(source) if !is_captured => CoverageStatus::ExpectedUncovered(source),
        _ => CoverageStatus::Uncovered,
    };
    let deployed = group.deployed();
    let advice = (!is_captured && status == CoverageStatus::Uncovered).then(|| generate_triggers(group));
    let (remedy, run_as, obstacle) = advice.map_or((None, None, None), Advice::into_parts);
    TableCoverage {
        table: group.table().clone(),
        status,
        mode: deployed.map(|policy| policy.mode),
        exclude: deployed.map(|policy| policy.exclude.clone()).unwrap_or_default(),
        mask: deployed.map(|policy| policy.mask.clone()).unwrap_or_default(),
        remedy,
        run_as,
        obstacle,
    }
}

/// Returns the source of the table's exemption from capture; `None` if it needs capture.
fn exemption(config: &Config, table: &TableName) -> Option<ExemptionSource> {
    if config.audit_anyway.contains(table) {
        None
    } else if config.expected_uncovered_tables.contains(table) {
        Some(ExemptionSource::Config)
    } else {
        EXPECTED_UNCOVERED_TABLES.contains(&table.name()).then_some(ExemptionSource::Baseline)
    }
}
