//! Through a real PgBouncer in transaction mode, where a server connection belongs to a client only for one transaction.

mod client;
mod clients;
mod reads;
mod sessions;
mod statements;
mod writes;

/// Both ways that the guide offers for a PgBouncer without support for prepared statements.
#[derive(Clone, Copy, Debug)]
struct Settings {
    /// Lines of `pgbouncer.ini`.
    pooler: &'static str,
    /// How many prepared statements a client keeps.
    statements: usize,
    /// Whether the host's statements have names.
    persistent: bool,
}

/// Nothing of one client's stays in the session for the next.
const RESET: Settings = Settings { pooler: "server_reset_query_always = 1", statements: 0, persistent: true };
/// sqlx's own number of statements, but the host names none; the library never does.
const UNNAMED: Settings = Settings { pooler: "", statements: 100, persistent: false };
