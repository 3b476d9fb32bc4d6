//! Tests of `threadline gen triggers`.

mod configuration;
mod errors;
mod locks;
mod migrations;
mod outcomes;
