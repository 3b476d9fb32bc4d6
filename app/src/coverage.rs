//! The result of the coverage checks, which every page shares.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use threadline::health::{CoverageGap, HealthReport};

use crate::islands::Pill;

/// The source of the coverage that pages show.
pub trait CoverageSource: fmt::Debug + Send + Sync {
    /// Returns the latest result. Starts a check if one is due, and waits up to `wait` for a running one.
    fn current(&self, wait: Duration) -> BoxFuture<'_, Coverage>;

    /// Checks at once, unless that was done a moment ago, and waits for the result.
    fn check_now(&self) -> BoxFuture<'_, Coverage>;

    /// Returns whether there is a configuration to compare with.
    fn is_configured(&self) -> bool;
}

/// The last check that succeeded, and whether checks succeed now.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// The last check that succeeded.
    pub last: Option<Arc<LastCheck>>,
    /// The reason why checks fail, if they do.
    pub failure: Option<CheckFailure>,
    /// The time from one check to the next.
    pub period: Duration,
    /// The time until the next check is due.
    pub next: Duration,
}

/// A check that succeeded.
#[derive(Debug)]
pub struct LastCheck {
    /// The time of the check, by the clock of this process.
    pub at: DateTime<Utc>,
    /// The report of the check.
    pub health: HealthReport,
    /// The gaps of this and earlier checks, the last seen first, unless they could not be read.
    pub gaps: Option<Vec<CoverageGap>>,
    /// The reason, in a sentence, why the gaps of this check could not be recorded.
    pub not_recorded: Option<&'static str>,
}

/// The reason why checks fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckFailure {
    /// The time since which checks have failed.
    pub since: DateTime<Utc>,
    /// The reason, in a sentence.
    pub reason: &'static str,
    /// The command that the administrator of the application can run.
    pub command: Option<&'static str>,
}

impl Coverage {
    /// Returns whether the result may be outdated: checks fail, or none has succeeded for two periods.
    #[must_use]
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.failure.is_some() || self.age(now).is_some_and(|age| age > self.period.saturating_mul(2))
    }

    /// Returns the reason, in a sentence, why the result may be outdated.
    pub(crate) fn why_stale(&self, now: DateTime<Utc>) -> Option<&'static str> {
        let not_yet = "The check that is due has not been answered yet.";
        self.is_stale(now).then(|| self.failure.map_or(not_yet, |failure| failure.reason))
    }

    /// Returns the time since the last check that succeeded.
    #[must_use]
    pub fn age(&self, now: DateTime<Utc>) -> Option<Duration> {
        self.last.as_ref().map(|last| (now - last.at).to_std().unwrap_or_default())
    }

    /// Returns the pill that the header shows.
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
