//! Tests of `threadline health coverage`, `verify-coverage` and `policy show`.

mod coverage;
mod findings;
mod names;
mod policy;
mod remedies;
