//! The errors of a capture policy that need no database to find.

/// An error in a capture policy, which can be found without the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The name of a column is not valid.
    #[error("{list} of table {table} names the column {column:?}: {reason}")]
    Column {
        /// The table.
        table: String,
        /// The list that names it.
        list: &'static str,
        /// The name.
        column: String,
        /// The reason why it is not valid.
        reason: &'static str,
    },
    /// The declared key has no columns.
    #[error("primary_key of table {table} is empty: name its columns, as in primary_key = [\"id\"]")]
    EmptyKey {
        /// The table.
        table: String,
    },
    /// A column is both excluded and masked.
    #[error("{} of table {table} is in both exclude and mask: keep it in one", columns.join(", "))]
    ExcludedAndMasked {
        /// The table.
        table: String,
        /// The columns.
        columns: Vec<String>,
    },
    /// A key column is redacted, so changes could not be tied to their row.
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
    /// The placeholder is empty, too long, or contains control characters.
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
