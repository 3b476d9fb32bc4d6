//! What a policy hides is nowhere in the trail, and everything else is.

#[path = "../support/changes.rs"]
mod changes;
#[path = "../support/database.rs"]
mod database;

mod operations;
mod plan;
mod property;
mod replay;
mod search;
