//! Test support for several crates: databases with a trail, servers, and functions that read the recorded changes.

pub mod cases;
pub mod changes;
pub mod cluster;
pub mod database;
pub mod elixir;
pub mod html;
pub mod messages;
pub mod other_database;
pub mod pgbouncer;
pub mod proxy;
pub mod random;
pub mod role;
pub mod rows;
pub mod server;
pub mod snapshot;
pub mod table_copies;
pub mod wait;
