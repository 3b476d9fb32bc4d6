//! Conditions that tell whether a table differs from the one that its capture function was made for.

use super::parts::Builder;
use crate::capture::quote::{literal, text_array};

impl Builder<'_> {
    /// Returns the SQL for the schema and name under which the changes of the unchanged table are recorded: literals, except
    /// that tables with inheritance share a function.
    pub(super) fn recorded_names(&self) -> (String, String) {
        if self.table.inherits {
            return ("TG_TABLE_SCHEMA".to_owned(), "TG_TABLE_NAME".to_owned());
        }
        let name = &self.table.recorded_name;
        (literal(name.schema()), literal(name.name()))
    }

    /// Returns the expression for the hash of these names, which PostgreSQL evaluates when it plans the statement.
    pub(super) fn recorded_table_hash(&self) -> String {
        let (schema, name) = self.recorded_names();
        format!("{}.threadline_table_hash({schema}, {name})", self.storage.quoted())
    }

    /// Returns a condition that is true where the table may differ from the one that the function was made for: by its name, or
    /// by its columns. PostgreSQL evaluates the calls in it when it plans the condition, and plans again after any change of
    /// the table: see `threadline_table` in `migrations/0005_columns.sql`. So the condition costs a fraction of a microsecond; a
    /// query of the catalogue cost 10 of the 80 µs that a single-row insert took.
    pub(super) fn may_have_changed(&self) -> String {
        if self.table.inherits {
            // The tables that share the function have other OIDs, so nothing can be evaluated in advance.
            return "true".to_owned();
        }
        let (schema, name) = self.recorded_names();
        let table = format!("{}.threadline_table({schema}, {name})", self.storage.quoted());
        let relation = if self.table.is_partitioned { "pg_partition_root(TG_RELID)" } else { "TG_RELID" };
        format!(
            "{relation} IS DISTINCT FROM {table} OR {} <> {schema}\n    OR {}",
            self.table_name().0,
            self.has_other_columns(&table),
        )
    }

    /// Returns a condition that is true where the table does differ. It reads the columns of the table that the trigger is on,
    /// which takes 70 µs, so it is only evaluated where the first condition is true.
    pub(super) fn has_changed(&self) -> String {
        let has_other_columns = self.has_other_columns("TG_RELID");
        if self.table.inherits {
            return has_other_columns;
        }
        let (schema, name) = self.recorded_names();
        let (own_schema, own_name) = self.table_name();
        format!("{own_name} <> {name} OR {own_schema} <> {schema}\n    OR {has_other_columns}")
    }

    fn has_other_columns(&self, relation: &str) -> String {
        let schema = self.storage.quoted();
        let redacted = if self.policy.redacts() {
            let names = text_array(&self.policy.redacted(), 6);
            format!("\n    OR {schema}.threadline_has_redacted_columns({relation}, {names}) IS NOT TRUE")
        } else {
            String::new()
        };
        format!(
            "{schema}.threadline_columns_digest({relation}) IS DISTINCT FROM '{}'{redacted}",
            self.table.columns_digest
        )
    }
}
