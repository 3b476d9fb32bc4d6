//! Integration tests: the `threadline` command on a real PostgreSQL.

mod health;
mod install;
mod investigation;
mod output;
mod support;
mod through_pgbouncer;
mod timeline;
mod trail_versions;
mod transaction;
mod triggers;
