//! The values that queries take and return: no file here runs a statement.

pub(super) mod as_of;
pub(super) mod change;
pub(super) mod change_diff;
pub(super) mod cursor;
pub(super) mod error;
pub(super) mod field_change;
pub(super) mod filter;
pub(super) mod human_time;
pub(crate) mod json;
pub(super) mod large_value;
pub(super) mod operation;
pub(super) mod page;
pub(super) mod possible_removal;
pub(super) mod recorded_session;
pub(super) mod row_key;
pub(super) mod snapshot_mark;
mod text;
pub(super) mod timeline_entry;
pub(super) mod timestamp;
pub(super) mod transaction_id;
pub(super) mod transaction_record;
pub(super) mod value_limits;
