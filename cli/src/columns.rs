//! Lines whose cells stand below each other.

use crate::output::Report;

/// The rows as lines, the last cell without blanks behind it. The cells must be safe to show.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> Report {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut lines = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line += &format!("{cell:width$}  ");
        }
        lines += line.trim_end();
        lines.push('\n');
    }
    lines
}

/// A rule as long as the longest line.
pub(crate) fn rule(lines: &str) -> String {
    "-".repeat(lines.lines().map(|line| line.chars().count()).max().unwrap_or(0)) + "\n"
}
