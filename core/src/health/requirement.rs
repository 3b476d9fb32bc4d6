//! The tables that a deployment requires to be captured.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{CoverageReport, CoverageStatus, Finding, Severity};
use crate::TableName;

/// The result for one table that must be captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequirementStatus {
    /// The table does not exist.
    Missing,
    /// The table is not captured, or one of its findings is an error.
    Uncovered,
    /// The table is captured.
    Covered,
}

impl RequirementStatus {
    /// Returns the word for the status, as JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Uncovered => "uncovered",
            Self::Covered => "covered",
        }
    }
}

impl fmt::Display for RequirementStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RequirementStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl CoverageReport {
    /// Returns the status of each of these tables, sorted by status and name: missing tables first, then uncovered ones. An
    /// exempt table counts as uncovered here. Use a report of all schemas that the tables are in, because others count as
    /// missing.
    #[must_use]
    pub fn verify<'a>(&self, expected: &'a [TableName]) -> Vec<(&'a TableName, RequirementStatus)> {
        let status = |table: &TableName| match self.tables.iter().find(|found| found.table == *table) {
            None => RequirementStatus::Missing,
            Some(found) if found.status == CoverageStatus::Covered => RequirementStatus::Covered,
            Some(_) => RequirementStatus::Uncovered,
        };
        let mut results: Vec<_> = expected.iter().map(|table| (table, status(table))).collect();
        results.sort_by(|(one, first), (other, second)| (first, one).cmp(&(second, other)));
        results
    }

    /// Returns the findings of [`Severity::Error`], which make tables count as uncovered.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity() == Severity::Error)
    }
}
