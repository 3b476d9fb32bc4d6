//! The report of a run: conditions and tables in Markdown, and every sample as JSON beside it.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::conditions::Conditions;
use crate::measurement::Measurement;

/// The folder of the reports, which git ignores.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench");

#[derive(Debug)]
pub(crate) struct Report {
    bench: &'static str,
    conditions: Conditions,
    text: String,
}

impl Report {
    pub(crate) fn new(bench: &'static str, conditions: Conditions) -> Self {
        let text = format!("# cargo xtask bench {bench}\n\n{conditions}");
        Self { bench, conditions, text }
    }

    /// Adds a table under a heading.
    pub(crate) fn section(&mut self, heading: &str, table: &Table) {
        if table.rows.len() > 1 {
            self.text += &format!("\n## {heading}\n\n{table}");
        }
    }

    /// Adds a paragraph.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.text += &format!("\n{text}\n");
    }

    /// Prints the report and saves it.
    pub(crate) fn finish(self, measurements: &[Measurement]) -> Result<()> {
        println!("{}", self.text);
        let folder = Path::new(FOLDER);
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let json = json!({ "conditions": self.conditions.to_json(), "measurements": measurements });
        for (extension, content) in [("md", self.text), ("json", json.to_string())] {
            let file = folder.join(format!("{}-{}.{extension}", self.bench, self.conditions.started_at));
            fs::write(&file, content).with_context(|| format!("cannot write {}", file.display()))?;
            eprintln!("saved {}", file.display());
        }
        Ok(())
    }
}

/// A table that reads well both in a terminal and as Markdown.
#[derive(Debug)]
pub(crate) struct Table {
    /// The number of columns on the left that hold text. The others hold numbers and are aligned to the right.
    text_columns: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<T: Into<String>>(text_columns: usize, header: impl IntoIterator<Item = T>) -> Self {
        Self { text_columns, rows: vec![header.into_iter().map(Into::into).collect()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl Display for Table {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let columns = self.rows.first().map_or(0, Vec::len);
        let cell = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
        let width = |column: usize| self.rows.iter().map(|row| cell(row, column).chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for (index, row) in self.rows.iter().enumerate() {
            for (column, &width) in widths.iter().enumerate() {
                let cell = cell(row, column);
                match column < self.text_columns {
                    true => write!(formatter, "| {cell:width$} ")?,
                    false => write!(formatter, "| {cell:>width$} ")?,
                }
            }
            writeln!(formatter, "|")?;
            if index == 0 {
                for (column, width) in widths.iter().enumerate() {
                    let end = if column < self.text_columns { "-" } else { ":" };
                    write!(formatter, "|{}{end}", "-".repeat(width + 1))?;
                }
                writeln!(formatter, "|")?;
            }
        }
        Ok(())
    }
}

/// A limit that a figure should keep.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    /// Returns the limit and whether the exact figure keeps it, such as `≥ 1.2 met`.
    pub(crate) fn verdict(self, figure: f64) -> String {
        let (sign, limit, is_met) = match self {
            Self::AtLeast(limit) => ("≥", limit, figure >= limit),
            Self::AtMost(limit) => ("≤", limit, figure <= limit),
        };
        let word = if figure.is_nan() {
            "unknown"
        } else if is_met {
            "met"
        } else {
            "missed"
        };
        format!("{sign} {limit} {word}")
    }
}

/// Returns a figure with three significant digits, or with all digits of its whole part where there are more. A whole number has
/// no decimals.
pub(crate) fn number(figure: f64) -> String {
    if !figure.is_finite() {
        return "–".to_owned();
    }
    let decimals = if figure.fract() == 0.0 { 0 } else { 2 - figure.abs().log10().floor() as i32 };
    let decimals = usize::try_from(decimals).unwrap_or(0);
    let digits = format!("{:.decimals$}", figure.abs());
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = if figure < 0.0 { "-".to_owned() } else { String::new() };
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_has_three_significant_digits() {
        let numbers = [0.012_345, 1.001, 99.96, 512.4, 20.0, 12_345.0, 1_234_567.8, -0.5, 0.0, f64::NAN];
        let shown = ["0.0123", "1.00", "100.0", "512", "20", "12,345", "1,234,568", "-0.500", "0", "–"];
        assert_eq!(numbers.map(number), shown);
    }

    #[test]
    fn verdict_compares_the_exact_figure() {
        assert_eq!(Target::AtLeast(1.2).verdict(1.1999), "≥ 1.2 missed");
        assert_eq!(Target::AtLeast(1.2).verdict(1.2), "≥ 1.2 met");
        assert_eq!(Target::AtMost(5.0).verdict(5.01), "≤ 5 missed");
        assert_eq!(Target::AtMost(5.0).verdict(f64::NAN), "≤ 5 unknown");
    }

    #[test]
    fn table_is_markdown_with_aligned_columns() {
        let mut table = Table::new(1, ["variant", "µs"]);
        table.row(["row".to_owned(), "1,000".to_owned()]);
        assert_eq!(table.to_string(), "| variant |    µs |\n|---------|------:|\n| row     | 1,000 |\n");
    }
}
