//! The integration tests of the library, in one binary: linking one instead of one for each subject saves minutes.

mod capture;
mod cases;
mod differential;
mod generated;
mod health;
mod install;
mod keys;
mod locks;
mod operations;
mod parsers;
mod pgbouncer;
mod query;
mod redaction;
mod roles;
mod round_trips;
mod safety;
mod shop;
mod stored;
mod transaction;
mod values;
mod volume;
