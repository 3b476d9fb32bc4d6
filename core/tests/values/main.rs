//! Values are kept exactly as PostgreSQL has them, whatever their type, their size and their column's name, in every session
//! and after the table has changed.

#[path = "../support/changes.rs"]
mod changes;
#[path = "../support/database.rs"]
mod database;

mod altered;
mod differences;
mod json;
mod large;
mod later;
mod names;
mod sessions;
mod types;
