//! The faults, and what pages may say while one of them lasts.

use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Scenario {
    /// Nothing happens: what the load alone does to memory and connections.
    None,
    /// The database is restarted, and ends its sessions in an orderly way.
    Restart,
    /// The database ends as in a crash, and replays its write-ahead log.
    Crash,
    /// All sessions of the host are terminated again and again.
    Connections,
    /// The host itself occupies all connections of its pool.
    Pool,
    /// A captured table and the table of changes are locked.
    Lock,
    /// The console reads from a standby that stops replaying, cancels queries, and is restarted.
    Replica,
    /// The clock of the database and the host is set back and forward by an hour.
    Clock,
    /// The host is killed and started again.
    Kill,
}

const REFUSED: &str = "The database refused or ended the connection of the console.";
const UNREACHABLE: &str = "The database could not be reached.";
const TIMEOUT: &str = "The database did not answer in time, or no connection to it became free.";
const POOL: &str = "All connections of this application to its database were in use.";
const BUSY: &str = "As many requests of the console are running as this application allows.";
const LOCKED: &str =
    "Another session of the database holds a lock, and the console did not wait for it any longer.";
const CANCELLED: &str = "Somebody cancelled the query in the database, or the server did.";

impl Scenario {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Restart => "restart",
            Self::Crash => "crash",
            Self::Connections => "connections",
            Self::Pool => "pool",
            Self::Lock => "lock",
            Self::Replica => "replica",
            Self::Clock => "clock",
            Self::Kill => "kill",
        }
    }

    /// Returns the sentences that explain a failed request while the fault lasts.
    pub(super) const fn explanations(self) -> &'static [&'static str] {
        match self {
            // The requests that have queued up use the whole pool when the database is back.
            Self::Restart | Self::Crash | Self::Connections => &[REFUSED, UNREACHABLE, TIMEOUT, POOL, BUSY],
            Self::Pool => &[POOL, TIMEOUT, BUSY],
            // Writers that wait for the lock occupy the pool.
            Self::Lock => &[LOCKED, POOL, TIMEOUT, BUSY],
            Self::Replica => &[CANCELLED, REFUSED, UNREACHABLE, TIMEOUT, BUSY],
            Self::None | Self::Clock | Self::Kill => &[],
        }
    }

    /// Returns whether the host itself is interrupted, so that requests may get no response.
    pub(super) fn interrupts_host(self) -> bool {
        self == Self::Kill
    }
}
