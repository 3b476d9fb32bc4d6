//! Tests that the trail contains no redacted value, and every other one.

mod operations;
mod plan;
mod property;
mod replay;
mod search;
