//! Integration tests: the console in a host's router, on a real PostgreSQL.

mod actor;
mod attacks;
mod coverage;
mod diff;
mod download;
mod events;
mod faults;
mod home;
mod large_values;
mod limits;
mod mistyped;
mod mount;
mod names;
mod newer_changes;
mod pages;
mod preferences;
mod readable;
mod redaction;
mod request_context;
mod row;
mod row_keys;
mod row_removals;
mod support;
mod tenants;
mod timeline;
mod transaction;
