//! What is known of coverage: one check serves every page.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use threadline::health::{CoverageGap, HealthReport};

use crate::islands::Pill;

/// The last check that was answered, and whether checks are answered now.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// The last check that was answered; none as long as none has been.
    pub last: Option<Arc<LastCheck>>,
    /// Why the newest check was not answered; none where it was.
    pub failure: Option<CheckFailure>,
    /// The time from one check to the next.
    pub period: Duration,
    /// Until the next check is due.
    pub next: Duration,
}

/// A check that was answered.
#[derive(Debug)]
pub struct LastCheck {
    /// When, by the clock of this process.
    pub at: DateTime<Utc>,
    /// What was found.
    pub health: HealthReport,
    /// What was found wrong before, the last seen first; none where it could not be read.
    pub gaps: Option<Vec<CoverageGap>>,
    /// Why what was found could not be remembered, in a sentence; none where it was.
    pub unremembered: Option<&'static str>,
}

/// Why a check was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckFailure {
    /// When checks began to fail.
    pub since: DateTime<Utc>,
    /// Why, in a sentence.
    pub reason: &'static str,
    /// What whoever runs the application can run.
    pub command: Option<&'static str>,
}

impl Coverage {
    /// Whether what is known may no longer be so: checks fail, or none was answered for two periods.
    #[must_use]
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.failure.is_some() || self.age(now).is_some_and(|age| age > self.period.saturating_mul(2))
    }

    /// Why what is known may no longer be so, in a sentence; none where it is fresh.
    pub(crate) fn why_stale(&self, now: DateTime<Utc>) -> Option<&'static str> {
        let not_yet = "The check that is due has not been answered yet.";
        self.is_stale(now).then(|| self.failure.map_or(not_yet, |failure| failure.reason))
    }

    /// The time since the last check that was answered.
    #[must_use]
    pub fn age(&self, now: DateTime<Utc>) -> Option<Duration> {
        self.last.as_ref().map(|last| (now - last.at).to_std().unwrap_or_default())
    }

    /// What the header says of it.
    #[must_use]
    pub fn pill(&self, now: DateTime<Utc>) -> Pill {
        let uncovered = self.last.as_ref().map(|last| last.health.coverage.uncovered().count());
        let milliseconds = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        Pill {
            uncovered: uncovered.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
            age: self.age(now).map_or(0, |age| u32::try_from(age.as_secs()).unwrap_or(u32::MAX)),
            is_stale: self.is_stale(now),
            next: milliseconds(self.next),
        }
    }
}
