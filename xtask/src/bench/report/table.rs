//! A table in plain text.

/// The first columns are names and stand left, the others are figures and stand right.
#[derive(Debug)]
pub(crate) struct Table {
    names: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<T: ToString>(names: usize, heads: impl IntoIterator<Item = T>) -> Self {
        Self { names, rows: vec![heads.into_iter().map(|head| head.to_string()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |at: usize| {
            self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                line +=
                    &if at < self.names { format!("{cell:width$}  ") } else { format!("{cell:>width$}  ") };
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(1, ["name", "µs"]);
        table.row(vec!["classic".to_owned(), "1,000".to_owned()]);
        assert_eq!(table.text(), "name        µs\nclassic  1,000\n");
    }
}
