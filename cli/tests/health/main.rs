//! `threadline health coverage`, `verify-coverage` and `policy show`.

mod coverage;
mod desk;
mod findings;
mod policy;
#[path = "../support/mod.rs"]
mod support;
