//! Tests health checks: coverage, findings, remedies and redaction drift.

mod coverage;
mod drift;
mod elixir_trail;
mod gaps;
mod remedies;
mod trail_tables;
