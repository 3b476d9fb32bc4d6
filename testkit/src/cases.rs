//! Tables of cases: the same writes in both modes of capture.

use sqlx::PgPool;
use threadline::TableName;
use threadline::capture::{CaptureMode, TablePolicy};

use crate::changes::{changes, flaws, forget};
use crate::database::{Result, install, run};

/// A write and the changes that it must leave.
pub struct Case<'a> {
    pub name: &'a str,
    pub write: &'a str,
    statement: &'a [&'a str],
    row: &'a [&'a str],
    in_order: bool,
}

/// These changes in this order.
pub const fn case<'a>(name: &'a str, write: &'a str, changes: &'a [&'a str]) -> Case<'a> {
    Case { name, write, statement: changes, row: changes, in_order: true }
}

impl<'a> Case<'a> {
    /// PostgreSQL promises no order here: operations of different kinds in one statement, several tables.
    pub const fn in_any_order(mut self) -> Self {
        self.in_order = false;
        self
    }

    /// The expected changes in row mode, if they differ.
    pub const fn by_row(mut self, changes: &'a [&'a str]) -> Self {
        self.row = changes;
        self
    }

    /// The difference between what is in the trail and what should be.
    pub fn difference(&self, mode: CaptureMode, mut found: Vec<String>) -> Option<String> {
        let mut expected = match mode {
            CaptureMode::Statement => self.statement.to_vec(),
            CaptureMode::Row => self.row.to_vec(),
        };
        if !self.in_order {
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

/// Plays each case in both modes, each time on new tables, and reports all that differ.
pub async fn play(pool: &PgPool, setup: &str, tables: &[&str], cases: &[Case<'_>]) -> Result {
    let tables: Vec<TableName> =
        tables.iter().map(|table| table.parse()).collect::<std::result::Result<_, _>>()?;
    let policy = |mode| move |table: &TableName| TablePolicy::new(table.clone()).mode(mode);
    let trail = install(pool).await?;
    let mut differences = Vec::new();
    for mode in CaptureMode::ALL {
        for case in cases {
            run(pool, "DROP SCHEMA public CASCADE; CREATE SCHEMA public").await?;
            forget(pool).await?;
            run(pool, setup).await?;
            trail.capture(tables.iter().map(policy(mode))).await?;
            run(pool, case.write)
                .await
                .map_err(|error| format!("{} ({}): {error}", case.name, mode.as_str()))?;
            differences.extend(case.difference(mode, changes(pool).await?));
            let flaws = flaws(pool).await?;
            differences.extend(flaws.iter().map(|flaw| format!("{} ({}): {flaw}", case.name, mode.as_str())));
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n").into()) }
}
