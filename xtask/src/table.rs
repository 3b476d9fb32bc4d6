//! The parts of a test run and the table of their outcomes. A part runs even if an earlier one failed.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::interrupt;
use crate::progress::{format_duration, step};

/// The parts that have run, with their durations and outcomes.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    duration: Duration,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    /// The part needs another part, which failed.
    NotRun,
}

impl Table {
    /// Runs a part as a step, which prints its name and duration. Returns `None` if the part failed. The error is
    /// printed at once, and the table at the end names the part.
    pub(crate) fn run_step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        self.run(name, || step(name, work))
    }

    /// Runs a part that prints its own progress. Returns `None` if it failed.
    pub(crate) fn run<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        self.run_part(name, true, work)
    }

    /// Runs a prerequisite of other parts, which is in the table only if it failed. Returns `None` in that case.
    pub(crate) fn run_prerequisite<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        self.run_part(name, false, work)
    }

    /// Adds a part that cannot run, because a part that it needs failed.
    pub(crate) fn add_not_run(&mut self, name: &str) {
        if !interrupt::is_requested() {
            self.rows.push(Row { name: name.to_owned(), duration: Duration::ZERO, outcome: Outcome::NotRun });
        }
    }

    fn run_part<T>(&mut self, name: &str, is_shown: bool, work: impl FnOnce() -> Result<T>) -> Option<T> {
        // After Ctrl-C the remaining parts do not run either.
        if interrupt::is_requested() {
            return None;
        }
        let start = Instant::now();
        let result = work();
        let duration = start.elapsed();
        let outcome = if result.is_ok() { Outcome::Passed } else { Outcome::Failed };
        if is_shown || outcome == Outcome::Failed {
            self.rows.push(Row { name: name.to_owned(), duration, outcome });
        }
        if let Err(error) = &result
            && !interrupt::is_requested()
        {
            eprintln!("    failed after {}: {error:#}", format_duration(duration));
        }
        result.ok()
    }

    /// Prints a line for each part, and the total duration.
    pub(crate) fn print(&self) {
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        eprintln!();
        for Row { name, duration, outcome } in &self.rows {
            let (duration, outcome) = match outcome {
                Outcome::Passed => (format_duration(*duration), ""),
                Outcome::Failed => (format_duration(*duration), "  failed"),
                Outcome::NotRun => ("-".to_owned(), "  not run: it needs a part that failed"),
            };
            eprintln!("{name:width$}  {duration:>12}{outcome}");
        }
        let total = self.rows.iter().map(|row| row.duration).sum();
        eprintln!("{:width$}  {:>12}", "total", format_duration(total));
    }

    /// Returns an error if a part did not pass. The error names all such parts.
    pub(crate) fn result(&self) -> Result<()> {
        let not_passed: Vec<&str> = self
            .rows
            .iter()
            .filter(|row| row.outcome != Outcome::Passed)
            .map(|row| row.name.as_str())
            .collect();
        if not_passed.is_empty() {
            return Ok(());
        }
        bail!(
            "{} of {} parts failed or could not run: {}",
            not_passed.len(),
            self.rows.len(),
            not_passed.join("; ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_after_failed_part_runs_the_next_part() {
        let mut table = Table::default();
        assert_eq!(table.run("one", || Ok(1)), Some(1));
        assert_eq!(table.result().map_err(|error| error.to_string()), Ok(()));
        assert_eq!(table.run("two", || -> Result<()> { bail!("no room") }), None);
        table.add_not_run("three");
        assert_eq!(table.run_prerequisite("four", || Ok(4)), Some(4));
        assert_eq!(table.run("five", || Ok(5)), Some(5));
        let outcomes: Vec<_> = table.rows.iter().map(|row| (row.name.as_str(), row.outcome)).collect();
        let expected = [
            ("one", Outcome::Passed),
            ("two", Outcome::Failed),
            ("three", Outcome::NotRun),
            ("five", Outcome::Passed),
        ];
        assert_eq!(outcomes, expected);
        let error = table.result().unwrap_err().to_string();
        assert_eq!(error, "2 of 4 parts failed or could not run: two; three");
    }
}
