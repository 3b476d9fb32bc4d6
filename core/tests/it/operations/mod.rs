//! Tests every way to write to a table, in both capture modes.

mod inheritance;
mod keys;
mod partitions;
mod policy;
mod sessions;
mod statements;
mod transactions;
mod triggers;
mod truncate;
