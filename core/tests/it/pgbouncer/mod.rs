//! Tests a real PgBouncer in transaction mode, where a server connection belongs to a client only for one transaction.

mod client;
mod clients;
mod reads;
mod sessions;
mod statements;
mod writes;

/// Settings that the guide recommends for a PgBouncer without support for prepared statements.
#[derive(Clone, Copy, Debug)]
struct Settings {
    /// The lines of `pgbouncer.ini`.
    pooler: &'static str,
    /// The number of prepared statements that a client keeps.
    statements: usize,
    /// True if the host's statements have names.
    has_named_statements: bool,
}

/// The settings with which a session keeps nothing of one client for the next.
const RESET_SETTINGS: Settings =
    Settings { pooler: "server_reset_query_always = 1", statements: 0, has_named_statements: true };
/// The settings with sqlx's default number of statements, of which the host names none. The library never names its own.
const UNNAMED_SETTINGS: Settings = Settings { pooler: "", statements: 100, has_named_statements: false };
