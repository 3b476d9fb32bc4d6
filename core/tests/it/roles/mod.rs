//! Tests the group roles: their privileges in the catalogue, what members can do, and when they cannot be created.

mod catalog;
mod errors;
mod members;
