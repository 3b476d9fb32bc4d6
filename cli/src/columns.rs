//! Aligns text in columns.

use crate::output::Report;

/// Returns the rows as lines with aligned columns, without trailing blanks. The cells must be escaped already.
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

/// Returns a rule as long as the longest line.
pub(crate) fn rule(lines: &str) -> String {
    "-".repeat(lines.lines().map(|line| line.chars().count()).max().unwrap_or(0)) + "\n"
}
