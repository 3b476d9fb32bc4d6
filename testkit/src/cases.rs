//! Runs tables of test cases: the same writes in both capture modes.

use sqlx::PgPool;
use threadline::TableName;
use threadline::capture::{CaptureMode, TablePolicy};

use crate::changes::{changes, empty_trail, violations};
use crate::database::{Result, install, run};

/// A write, and the changes that the trail must contain after it.
pub struct Case<'a> {
    /// The name of the case in messages.
    pub name: &'a str,
    /// The SQL of the write.
    pub write: &'a str,
    statement_changes: &'a [&'a str],
    row_changes: &'a [&'a str],
    is_ordered: bool,
}

/// Returns a case that expects these changes in this order, in both capture modes.
pub const fn case<'a>(name: &'a str, write: &'a str, changes: &'a [&'a str]) -> Case<'a> {
    Case { name, write, statement_changes: changes, row_changes: changes, is_ordered: true }
}

impl<'a> Case<'a> {
    /// Accepts the changes in any order. PostgreSQL does not specify the order of operations of different kinds in one
    /// statement, or of operations on several tables.
    pub const fn in_any_order(mut self) -> Self {
        self.is_ordered = false;
        self
    }

    /// Sets the changes that row mode must record, if they differ from those of statement mode.
    pub const fn in_row_mode(mut self, changes: &'a [&'a str]) -> Self {
        self.row_changes = changes;
        self
    }

    /// Returns a description of the difference between the expected changes and `found`, or `None` if they are equal.
    pub fn difference(&self, mode: CaptureMode, mut found: Vec<String>) -> Option<String> {
        let mut expected = match mode {
            CaptureMode::Statement => self.statement_changes.to_vec(),
            CaptureMode::Row => self.row_changes.to_vec(),
        };
        if !self.is_ordered {
            expected.sort_unstable();
            found.sort_unstable();
        }
        let lines = |lines: String| format!("\n    {lines}");
        (expected != found).then(|| {
            format!(
                "{} ({}):\n  expected{}\n  found{}",
                self.name,
                mode.as_str(),
                lines(expected.join("\n    ")),
                lines(found.join("\n    "))
            )
        })
    }
}

/// Runs each case in both capture modes, each time on new tables, and fails with a list of all differences.
pub async fn check_cases(pool: &PgPool, setup: &str, tables: &[&str], cases: &[Case<'_>]) -> Result {
    let tables: Vec<TableName> =
        tables.iter().map(|table| table.parse()).collect::<std::result::Result<_, _>>()?;
    let policy = |mode| move |table: &TableName| TablePolicy::new(table.clone()).mode(mode);
    let trail = install(pool).await?;
    let mut differences = Vec::new();
    for mode in CaptureMode::ALL {
        for case in cases {
            run(pool, "DROP SCHEMA public CASCADE; CREATE SCHEMA public").await?;
            empty_trail(pool).await?;
            run(pool, setup).await?;
            trail.capture(tables.iter().map(policy(mode))).await?;
            run(pool, case.write)
                .await
                .map_err(|error| format!("{} ({}): {error}", case.name, mode.as_str()))?;
            differences.extend(case.difference(mode, changes(pool).await?));
            let violations = violations(pool).await?;
            differences.extend(
                violations.iter().map(|violation| format!("{} ({}): {violation}", case.name, mode.as_str())),
            );
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n").into()) }
}
