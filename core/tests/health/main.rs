//! Which tables are captured, and whether redaction is what the file says.

#[path = "../support/database.rs"]
mod database;
#[path = "../support/role.rs"]
mod role;

mod coverage;
mod drift;
mod gaps;
