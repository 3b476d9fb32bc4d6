//! The values that queries take and return.

pub(super) mod change;
pub(super) mod change_diff;
pub(super) mod cursor;
pub(super) mod error;
pub(super) mod field_change;
pub(super) mod filter;
pub(super) mod large_value;
pub(super) mod recorded_session;
pub(super) mod snapshot_mark;
pub(super) mod transaction_record;
