//! What the library tells about its own work: the one table of events, which `tracing`, `metrics` and the guide share.
//!
//! No event carries a value, an id or any text that somebody typed: labels are words of this table. Each event is a
//! `tracing` event of the target `threadline`, a counter of the same name, and a histogram for its measurement, if it has
//! one. A subscriber or recorder that panics changes nothing for the caller.

mod emit;
#[cfg(test)]
mod guide;

pub use emit::describe_metrics;

use tracing::Level;

use crate::TransactionError;

/// One kind of event.
#[derive(Debug)]
#[non_exhaustive]
pub struct Event {
    /// Its name, also that of its counter.
    pub name: &'static str,
    /// When it happens.
    pub when: &'static str,
    /// What it measures; the name is that of the histogram.
    pub measurement: Option<Measurement>,
    /// What tells its cases apart.
    pub labels: &'static [Label],
    level: Level,
}

/// A number that an event carries.
#[derive(Debug)]
#[non_exhaustive]
pub struct Measurement {
    /// The name of its histogram; the last part is the unit.
    pub name: &'static str,
    /// What it measures.
    pub what: &'static str,
}

/// What tells the cases of an event apart.
#[derive(Debug)]
#[non_exhaustive]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Every value that it can have.
    pub values: &'static [&'static str],
}

/// An audited transaction was committed.
pub static TRANSACTION_COMMITTED: Event = Event {
    name: "threadline.transaction.committed",
    when: "an audited transaction was committed",
    measurement: Some(Measurement {
        name: "threadline.transaction.duration_seconds",
        what: "from its beginning to the end of its commit",
    }),
    labels: &[Label { name: "action", values: &["recorded", "linked", "none"] }],
    level: Level::DEBUG,
};

/// An audited transaction was refused or rolled back by the library.
pub static TRANSACTION_FAILED: Event = Event {
    name: "threadline.transaction.failed",
    when: "an audited transaction was refused, or rolled back by an error of the library",
    measurement: None,
    labels: &[Label { name: "reason", values: &TransactionError::REASONS }],
    level: Level::INFO,
};

/// An action was recorded.
pub static ACTION_RECORDED: Event = Event {
    name: "threadline.action.recorded",
    when: "an action was committed, with a transaction or by itself",
    measurement: None,
    labels: &[
        Label { name: "status", values: &["ok", "error"] },
        Label { name: "linked", values: &["yes", "no"] },
    ],
    level: Level::DEBUG,
};

/// An action by itself could not be recorded.
pub static ACTION_FAILED: Event = Event {
    name: "threadline.action.failed",
    when: "an action by itself was not recorded",
    measurement: None,
    labels: &[Label { name: "reason", values: &TransactionError::REASONS }],
    level: Level::INFO,
};

/// An id in a request's headers was not taken.
pub static CONTEXT_ID_REFUSED: Event = Event {
    name: "threadline.context.id_refused",
    when: "an id in a request's headers was blank, too long or not printable, and counts as absent",
    measurement: None,
    labels: &[Label { name: "header", values: &["x-request-id", "x-correlation-id"] }],
    level: Level::INFO,
};

/// The console asked the host whether a request may pass.
pub static CONSOLE_AUTHORIZED: Event = Event {
    name: "threadline.console.authorized",
    when: "the console asked `authorize_fn` about a request",
    measurement: None,
    labels: &[Label {
        name: "result",
        values: &["granted", "granted_within_scope", "denied", "error", "panic", "timeout"],
    }],
    level: Level::DEBUG,
};

/// Coverage was checked.
pub static HEALTH_CHECKED: Event = Event {
    name: "threadline.health.checked",
    when: "coverage was checked",
    measurement: Some(Measurement {
        name: "threadline.health.duration_seconds",
        what: "from the question to the report",
    }),
    labels: &[Label { name: "result", values: &["complete", "incomplete"] }],
    level: Level::DEBUG,
};

/// Coverage could not be checked.
pub static HEALTH_CHECK_FAILED: Event = Event {
    name: "threadline.health.check_failed",
    when: "coverage could not be checked",
    measurement: None,
    labels: &[Label { name: "reason", values: &["not_installed", "no_such_schema", "database", "timeout"] }],
    level: Level::INFO,
};

/// Every event, in the order of the guide.
pub static EVENTS: [&Event; 8] = [
    &TRANSACTION_COMMITTED,
    &TRANSACTION_FAILED,
    &ACTION_RECORDED,
    &ACTION_FAILED,
    &CONTEXT_ID_REFUSED,
    &CONSOLE_AUTHORIZED,
    &HEALTH_CHECKED,
    &HEALTH_CHECK_FAILED,
];
