//! The engine: turns criteria into statements, and chooses the access path of each.

pub(super) mod criteria;
pub(super) mod index_path;
pub(super) mod load_entries;
pub(super) mod old_values;
pub(super) mod page_slice;
pub(super) mod scan;
pub(super) mod schema_features;
pub(super) mod snapshot;
pub(super) mod thresholds;
pub(super) mod time_windows;
pub(super) mod via_transactions;
pub(super) mod where_clause;
pub(super) mod window_scan;
