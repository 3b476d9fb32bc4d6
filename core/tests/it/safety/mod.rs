//! Tests what a writer cannot do: read or change the trail, forge it, run code with its privileges, or see a secret in an error.

mod actors;
mod errors;
mod hostile;
mod installation;
mod rights;
mod server_errors;
