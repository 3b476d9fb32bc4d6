//! Tests every way to write to a table, in both capture modes.

#[path = "../support/cases.rs"]
mod cases;
#[path = "../support/changes.rs"]
mod changes;
#[path = "../support/database.rs"]
mod database;
#[path = "../support/wait.rs"]
mod wait;

mod inheritance;
mod keys;
mod partitions;
mod policy;
mod sessions;
mod statements;
mod transactions;
mod triggers;
mod truncate;
