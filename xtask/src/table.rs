//! The parts of a test run, each of which runs also when another failed, and the closing table of them.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::interrupt;
use crate::progress::{seconds, step};

/// What ran, how long, how it ended.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    time: Duration,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Good,
    Failed,
    /// It needs a part that failed.
    NotRun,
}

impl Table {
    /// Runs a part and keeps its time. `None`: it failed, which is said at once and again in the end.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        self.time(name, || step(name, work))
    }

    /// The same for work that speaks for itself.
    pub(crate) fn time<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        self.part(name, true, work)
    }

    /// What others need. It is no part of the run, and stands in the table only when it failed.
    pub(crate) fn prepare<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        self.part(name, false, work)
    }

    /// A part that cannot run, because another one failed.
    pub(crate) fn leave_out(&mut self, name: &str) {
        if !interrupt::asked() {
            self.rows.push(Row { name: name.to_owned(), time: Duration::ZERO, end: End::NotRun });
        }
    }

    fn part<T>(&mut self, name: &str, is_shown: bool, work: impl FnOnce() -> Result<T>) -> Option<T> {
        // Whoever asks us to stop does not want the next part either.
        if interrupt::asked() {
            return None;
        }
        let start = Instant::now();
        let result = work();
        let time = start.elapsed();
        let end = if result.is_ok() { End::Good } else { End::Failed };
        if is_shown || end == End::Failed {
            self.rows.push(Row { name: name.to_owned(), time, end });
        }
        if let Err(error) = &result
            && !interrupt::asked()
        {
            eprintln!("    failed after {}: {error:#}", seconds(time));
        }
        result.ok()
    }

    pub(crate) fn print(&self) {
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        eprintln!();
        for Row { name, time, end } in &self.rows {
            let (time, end) = match end {
                End::Good => (seconds(*time), ""),
                End::Failed => (seconds(*time), "  failed"),
                End::NotRun => ("-".to_owned(), "  not run: it needs what failed"),
            };
            eprintln!("{name:width$}  {time:>12}{end}");
        }
        let total = self.rows.iter().map(|row| row.time).sum();
        eprintln!("{:width$}  {:>12}", "total", seconds(total));
    }

    /// An error when anything failed, which names it.
    pub(crate) fn verdict(&self) -> Result<()> {
        let bad: Vec<&str> =
            self.rows.iter().filter(|row| row.end != End::Good).map(|row| row.name.as_str()).collect();
        if bad.is_empty() {
            return Ok(());
        }
        bail!("{} of {} parts failed or could not run: {}", bad.len(), self.rows.len(), bad.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_part_does_not_keep_the_others_from_running() {
        let mut table = Table::default();
        assert_eq!(table.time("one", || Ok(1)), Some(1));
        assert_eq!(table.verdict().map_err(|error| error.to_string()), Ok(()));
        assert_eq!(table.time("two", || -> Result<()> { bail!("no room") }), None);
        table.leave_out("three");
        assert_eq!(table.prepare("four", || Ok(4)), Some(4));
        assert_eq!(table.time("five", || Ok(5)), Some(5));
        let ends: Vec<_> = table.rows.iter().map(|row| (row.name.as_str(), row.end)).collect();
        let expected =
            [("one", End::Good), ("two", End::Failed), ("three", End::NotRun), ("five", End::Good)];
        assert_eq!(ends, expected);
        let verdict = table.verdict().unwrap_err().to_string();
        assert_eq!(verdict, "2 of 4 parts failed or could not run: two; three");
    }
}
