//! From a request to a page: read the address, ask the library, draw. One file per page.

mod actor;
mod download;
mod home;
mod newer_changes;
mod part;
mod question;
mod row;
mod theme;
mod timeline;
mod transaction;

pub(crate) use actor::actor;
pub(crate) use download::{csv, json, ndjson};
pub(crate) use home::{home, unknown_address};
pub(crate) use newer_changes::newer_changes;
pub(crate) use row::{find_row, row};
pub(crate) use theme::theme;
pub(crate) use timeline::timeline;
pub(crate) use transaction::transaction;
