//! What a writer cannot do: read or change the trail, forge it, run code with its rights, see a secret in an error.

#[path = "../support/changes.rs"]
mod changes;
#[path = "../support/database.rs"]
mod database;
#[path = "../support/role.rs"]
mod role;

mod actors;
mod errors;
mod hostile;
mod installation;
mod rights;
mod server_errors;
