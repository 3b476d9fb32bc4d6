//! The events that the library emits for `tracing` and `metrics`.
//!
//! Each event is a `tracing` event of the target `threadline`, a counter of the same name, and a histogram in seconds if it has
//! a measurement. [`EVENTS`] lists them all. Labels are constant words, so no event contains a value, an id or a text of a
//! user. A subscriber or recorder that panics does not affect the caller.
//!
//! ```
//! // After installing a recorder of the crate `metrics`:
//! threadline::event::describe_metrics();
//! ```

mod emit;
#[cfg(test)]
mod guide;

pub use emit::describe_metrics;

use tracing::Level;

use crate::TransactionError;

/// A kind of event.
#[derive(Debug)]
#[non_exhaustive]
pub struct Event {
    /// The name of the event and of its counter.
    pub name: &'static str,
    /// The condition on which it is emitted, as the end of a sentence with "when".
    pub when: &'static str,
    /// The measurement, if it has one.
    pub measurement: Option<Measurement>,
    /// The labels of its cases.
    pub labels: &'static [Label],
    level: Level,
}

/// A number that an event carries.
#[derive(Debug)]
#[non_exhaustive]
pub struct Measurement {
    /// The name of its histogram, which ends with the unit.
    pub name: &'static str,
    /// The measured quantity.
    pub description: &'static str,
}

/// A label of an event.
#[derive(Debug)]
#[non_exhaustive]
pub struct Label {
    /// The name of the label.
    pub name: &'static str,
    /// Every possible value.
    pub values: &'static [&'static str],
}

/// The event of an audited transaction that was committed.
pub static TRANSACTION_COMMITTED: Event = Event {
    name: "threadline.transaction.committed",
    when: "an audited transaction was committed",
    measurement: Some(Measurement {
        name: "threadline.transaction.duration_seconds",
        description: "from its beginning to the end of its commit",
    }),
    labels: &[Label { name: "action", values: &["recorded", "linked", "none"] }],
    level: Level::DEBUG,
};

/// The event of an audited transaction that the library rejected or rolled back.
pub static TRANSACTION_FAILED: Event = Event {
    name: "threadline.transaction.failed",
    when: "an audited transaction was refused, or rolled back by an error of the library",
    measurement: None,
    labels: &[Label { name: "reason", values: &TransactionError::REASONS }],
    level: Level::INFO,
};

/// The event of an action that was recorded.
pub static ACTION_RECORDED: Event = Event {
    name: "threadline.action.recorded",
    when: "an action was committed, with or without a transaction",
    measurement: None,
    labels: &[
        Label { name: "status", values: &["ok", "error"] },
        Label { name: "linked", values: &["yes", "no"] },
    ],
    level: Level::DEBUG,
};

/// The event of an action without a transaction that could not be recorded.
pub static ACTION_FAILED: Event = Event {
    name: "threadline.action.failed",
    when: "an action without a transaction could not be recorded",
    measurement: None,
    labels: &[Label { name: "reason", values: &TransactionError::REASONS }],
    level: Level::INFO,
};

/// The event of an id in the headers of a request that was ignored because it is not valid.
pub static CONTEXT_ID_REFUSED: Event = Event {
    name: "threadline.context.id_refused",
    when: "an id in a request's headers was blank, too long or not printable, and counts as absent",
    measurement: None,
    labels: &[Label { name: "header", values: &["x-request-id", "x-correlation-id"] }],
    level: Level::INFO,
};

/// The event of a call of the console's authorization hook.
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

/// The event of a coverage check.
pub static HEALTH_CHECKED: Event = Event {
    name: "threadline.health.checked",
    when: "coverage was checked",
    measurement: Some(Measurement {
        name: "threadline.health.duration_seconds",
        description: "from the start of the check to its report",
    }),
    labels: &[Label { name: "result", values: &["complete", "incomplete"] }],
    level: Level::DEBUG,
};

/// The event of a coverage check that failed.
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
