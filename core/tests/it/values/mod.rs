//! Values are kept exactly as PostgreSQL has them, whatever their type, their size and their column's name, in every session
//! and after the table has changed.

mod altered;
mod differences;
mod json;
mod large;
mod later;
mod names;
mod sessions;
mod types;
