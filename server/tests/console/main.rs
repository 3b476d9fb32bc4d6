//! The console in a host's router, on a real PostgreSQL.

mod actor;
mod coverage;
mod diff;
mod download;
mod home;
mod mount;
mod newer_changes;
mod readable;
mod redaction;
mod row;
mod row_keys;
mod row_removals;
mod support;
mod theme;
mod timeline;
mod transaction;
