//! What is wrong with a policy, whatever its table is.

/// A policy that no table could have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A column's name that cannot be one.
    #[error("{list} of table {table} names the column {column:?}: {reason}")]
    Column {
        /// The table.
        table: String,
        /// The list that names it.
        list: &'static str,
        /// The name.
        column: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A key without columns.
    #[error("primary_key of table {table} is empty: name its columns, as in primary_key = [\"id\"]")]
    EmptyKey {
        /// The table.
        table: String,
    },
    /// A column cannot be left out and replaced at once.
    #[error("{} of table {table} is in both exclude and mask: keep it in one", columns.join(", "))]
    ExcludedAndMasked {
        /// The table.
        table: String,
        /// The columns.
        columns: Vec<String>,
    },
    /// Without its key a change could not be found.
    #[error(
        "key column {} of table {table} is in {list}: a change could not be tied to its row, take it out of {list}",
        columns.join(", ")
    )]
    RedactedKey {
        /// The table.
        table: String,
        /// The list.
        list: &'static str,
        /// The columns.
        columns: Vec<String>,
    },
    /// A placeholder that could not be read or could break a line.
    #[error(
        "mask_placeholder of table {table} is {placeholder:?}: use 1 to 200 characters without control characters"
    )]
    Placeholder {
        /// The table.
        table: String,
        /// The text.
        placeholder: String,
    },
}
