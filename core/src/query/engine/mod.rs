//! The statements that queries are made of, and the choice of the index that each reads.

pub(super) mod index_path;
pub(super) mod load_transactions;
pub(super) mod old_values;
pub(super) mod page_slice;
pub(super) mod reader;
pub(super) mod savepoint;
pub(super) mod scan;
pub(super) mod schema_features;
pub(super) mod snapshot;
pub(super) mod time_windows;
pub(super) mod via_transactions;
pub(super) mod where_clause;
