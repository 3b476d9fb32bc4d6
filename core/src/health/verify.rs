//! The gate of a deployment: the tables that must be captured.

use super::{CoverageReport, CoverageStatus, Finding, Severity};
use crate::TableName;

/// How a table that must be captured stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// There is no such table.
    Missing,
    /// It is not captured, or not as it should be.
    Uncovered,
    /// It is captured.
    Covered,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Uncovered => "uncovered",
            Self::Covered => "covered",
        }
    }
}

impl CoverageReport {
    /// Each of these tables: missing ones first, then uncovered ones, by name. A gap that is expected elsewhere is none here.
    #[must_use]
    pub fn verify<'a>(&self, expected: &'a [TableName]) -> Vec<(&'a TableName, Verdict)> {
        let verdict = |table: &TableName| match self.tables.iter().find(|found| found.table == *table) {
            None => Verdict::Missing,
            Some(found) if found.status == CoverageStatus::Covered => Verdict::Covered,
            Some(_) => Verdict::Uncovered,
        };
        let mut verdicts: Vec<_> = expected.iter().map(|table| (table, verdict(table))).collect();
        verdicts.sort_by(|(one, first), (other, second)| (first, one).cmp(&(second, other)));
        verdicts
    }

    /// The findings that uncover tables.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity() == Severity::Error)
    }
}
