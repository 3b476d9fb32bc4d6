//! From a request to a page: read the address, ask the library, draw. One file per page.

mod actor;
mod coverage;
mod coverage_now;
mod download;
mod home;
mod newer_changes;
mod part;
mod question;
mod redaction;
mod row;
mod server_function;
mod theme;
mod timeline;
mod transaction;

pub(crate) use actor::actor;
pub(crate) use coverage::{check_now, coverage};
pub(crate) use coverage_now::coverage_now;
pub(crate) use download::{csv, json, ndjson};
pub(crate) use home::{home, unknown_address};
pub(crate) use newer_changes::newer_changes;
pub(crate) use redaction::redaction;
pub(crate) use row::{find_row, row};
pub(crate) use theme::theme;
pub(crate) use timeline::timeline;
pub(crate) use transaction::transaction;
