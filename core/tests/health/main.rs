//! Which tables are captured, and whether redaction is what the file says.

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
mod own_tables;
mod remedies;
