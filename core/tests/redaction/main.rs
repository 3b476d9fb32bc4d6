//! Tests that the trail contains no redacted value, and every other one.

#[path = "../support/changes.rs"]
mod changes;
#[path = "../support/database.rs"]
mod database;

mod operations;
mod plan;
mod property;
mod replay;
mod search;
