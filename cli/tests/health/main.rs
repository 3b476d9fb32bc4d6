//! `threadline health coverage`, `verify-coverage` and `policy show`.

mod coverage;
mod desk;
#[path = "../../../core/tests/support/elixir.rs"]
mod elixir;
mod findings;
mod names;
mod policy;
mod remedies;
#[path = "../support/mod.rs"]
mod support;
