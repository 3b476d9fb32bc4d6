//! Tests health checks: coverage, findings, remedies and redaction drift.

#[path = "../support/database.rs"]
mod database;
#[path = "../support/elixir.rs"]
mod elixir;
#[path = "../support/role.rs"]
mod role;

mod coverage;
mod drift;
mod elixir_trail;
mod gaps;
mod remedies;
mod trail_tables;
