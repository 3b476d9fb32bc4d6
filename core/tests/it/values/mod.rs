//! Tests that values are recorded exactly as PostgreSQL stores them, whatever their type, their size and their column's name, in
//! every session and after the table was altered.

mod altered;
mod differences;
mod json;
mod large;
mod later;
mod names;
mod sessions;
mod types;
