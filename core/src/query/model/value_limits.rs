//! Limits for the values that a snapshot reads, and the values that they shorten.

use std::collections::BTreeMap;

/// Limits for the values of the changes that a snapshot reads, so that a page needs little memory however large the stored values
/// are. [`Snapshot::limit_values`](crate::query::Snapshot::limit_values) sets them.
///
/// The limits concern what is read from the database. They do not limit names, keys, and the number of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueLimits {
    /// The size in bytes up to which a value is read whole.
    pub value_bytes: usize,
    /// The number of bytes that are read from the beginning of a longer value.
    pub start_bytes: usize,
    /// The number of stored (compressed) bytes that one page may read in addition to small rows. If the values of a change do not
    /// fit into what the changes before it have left of it, they are left out. Those of the first change of a page never are. All
    /// changes of a page share as many bytes of text, so more values are shortened if there are many long ones.
    pub page_bytes: usize,
}

impl ValueLimits {
    /// No values at all: only which rows changed, when, and in which transactions.
    pub const NO_VALUES: Self = Self { value_bytes: 0, start_bytes: 0, page_bytes: 0 };
    /// The values of small rows, of some thousand bytes. Those of the others are left out, until
    /// [`load_left_out_values`](crate::query::Snapshot::load_left_out_values) reads them.
    pub const SMALL_ROWS: Self = Self { page_bytes: 0, ..Self::PAGE };
    /// The limits of a page for a person: values up to 64 KiB, 8,000 bytes of longer ones, and 2 MiB altogether.
    pub const PAGE: Self = Self { value_bytes: 64 << 10, start_bytes: 8_000, page_bytes: 2 << 20 };
}

/// The beginning of a value that is longer than [`ValueLimits`] allow.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShortenedValue {
    /// The beginning: of a text itself, and of any other value as JSON. It is empty if the row has too many long values.
    pub start: String,
    /// The size of the whole text in bytes.
    pub bytes: u64,
}

/// The values of a change that were shortened, by column. A shortened column is not in the image itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShortenedValues {
    /// The values that [`Change::after`](crate::query::Change::after) lacks.
    pub after: BTreeMap<String, ShortenedValue>,
    /// The values that [`Change::before`](crate::query::Change::before) lacks.
    pub before: BTreeMap<String, ShortenedValue>,
    /// The values that [`Change::previous`](crate::query::Change::previous) lacks.
    pub previous: BTreeMap<String, ShortenedValue>,
}
