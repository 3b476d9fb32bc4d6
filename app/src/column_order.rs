//! The order in which fields are listed: that of the columns of their table.

use std::collections::HashMap;

use threadline::TableName;
use threadline::query::{CapturedTable, FieldChange};

/// The order of the columns of the captured tables. It only sorts the fields that a page shows, and names none itself.
#[derive(Debug, Default)]
pub struct ColumnOrder(HashMap<TableName, HashMap<String, usize>>);

impl ColumnOrder {
    pub(crate) fn new(tables: impl IntoIterator<Item = CapturedTable>) -> Self {
        let positions = |table: CapturedTable| {
            let columns = table.columns.into_iter().enumerate();
            (table.name, columns.map(|(position, column)| (column, position)).collect())
        };
        Self(tables.into_iter().map(positions).collect())
    }

    /// Sorts fields, which are in the order of their names, by the columns of the table. Columns that the table no longer has come
    /// last; the fields of a table that is not known stay as they are.
    pub(crate) fn sort(&self, table: &TableName, fields: &mut [FieldChange]) {
        self.sort_by_name(table, fields, |field| &field.name);
    }

    /// Sorts anything with the name of a column in the same way.
    pub(crate) fn sort_by_name<T>(&self, table: &TableName, fields: &mut [T], name: impl Fn(&T) -> &str) {
        if let Some(positions) = self.0.get(table) {
            fields.sort_by_key(|field| positions.get(name(field)).copied().unwrap_or(usize::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_follow_the_columns_and_dropped_ones_come_last() {
        let positions = ["id", "subject", "priority"].into_iter().zip(0..);
        let positions = positions.map(|(name, position)| (name.to_owned(), position)).collect();
        let order = ColumnOrder(HashMap::from([("tickets".into(), positions)]));
        for (table, names, expected) in [
            ("tickets", ["gone", "id", "priority", "subject"], ["id", "subject", "priority", "gone"]),
            ("tickets", ["a", "b", "id", "subject"], ["id", "subject", "a", "b"]),
            ("dropped", ["gone", "id", "priority", "subject"], ["gone", "id", "priority", "subject"]),
        ] {
            let mut sorted = names;
            order.sort_by_name(&table.into(), &mut sorted, |name| name);
            assert_eq!(sorted, expected, "{table}");
        }
    }
}
