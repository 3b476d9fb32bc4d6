//! Test support that several crates share: databases with a trail, servers, and readers of what the trail has recorded.

pub mod cases;
pub mod changes;
pub mod cluster;
pub mod database;
pub mod elixir;
pub mod messages;
pub mod other_database;
pub mod pgbouncer;
pub mod proxy;
pub mod random;
pub mod role;
pub mod rows;
pub mod server;
pub mod wait;
pub mod witness;
