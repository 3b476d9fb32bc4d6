//! Integration tests: the `threadline` command on a real PostgreSQL.

#[path = "../../../core/tests/support/database.rs"]
mod database;
#[path = "../../../core/tests/support/elixir.rs"]
mod elixir;
mod health;
mod install;
mod investigation;
#[path = "../../../core/tests/support/pgbouncer.rs"]
mod pgbouncer;
#[path = "../../../core/tests/support/server.rs"]
mod server;
mod support;
mod through_pgbouncer;
mod timeline;
mod trail_versions;
mod transaction;
mod triggers;
