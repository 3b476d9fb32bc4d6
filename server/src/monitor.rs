//! Coverage, checked once for all who look: a thousand open consoles cost the database one check a period.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use futures_util::FutureExt;
use threadline::event::HEALTH_CHECK_FAILED;
use threadline::health::{CoverageGap, HealthError, HealthReport, RecordCoverageError, Schemas};
use threadline::{AuditTrail, Config};
use threadline_app::{CheckFailure, Coverage, LastCheck};
use tokio::sync::watch;

/// No console asks more often.
pub(crate) const SHORTEST_PERIOD: Duration = Duration::from_secs(5);
/// How old an answer may be for whom wants a new one.
const JUST_NOW: Duration = Duration::from_secs(1);
/// Gaps that the dashboard shows.
const GAPS: u16 = 50;

/// The checks of one console.
#[derive(Debug)]
pub(crate) struct Monitor {
    trail: AuditTrail,
    config: Option<Config>,
    period: Duration,
    /// A check that takes longer has failed.
    limit: Duration,
    state: watch::Sender<State>,
}

#[derive(Debug, Default)]
struct State {
    coverage: Coverage,
    /// When the newest check began.
    begun: Option<Instant>,
    is_checking: bool,
}

impl Monitor {
    pub(crate) fn new(trail: AuditTrail, config: Option<Config>, period: Duration, limit: Duration) -> Self {
        let period = period.max(SHORTEST_PERIOD);
        let coverage = Coverage { period, ..Coverage::default() };
        let state = watch::Sender::new(State { coverage, ..State::default() });
        Self { trail, config, period, limit, state }
    }

    pub(crate) const fn is_configured(&self) -> bool {
        self.config.is_some()
    }

    pub(crate) const fn period(&self) -> Duration {
        self.period
    }

    /// What is known. Begins a check when one is due, and waits for a check under way so long.
    pub(crate) async fn known(self: &Arc<Self>, patience: Duration) -> Coverage {
        self.known_within(self.period, patience).await
    }

    /// Checks at once, unless that was done just now, and waits for the answer.
    pub(crate) async fn check_now(self: &Arc<Self>) -> Coverage {
        self.known_within(JUST_NOW, self.limit).await
    }

    async fn known_within(self: &Arc<Self>, oldest: Duration, patience: Duration) -> Coverage {
        let mut state = self.state.subscribe();
        let is_due = |state: &State| state.begun.is_none_or(|begun| begun.elapsed() >= oldest);
        let begins = self.state.send_if_modified(|state| {
            let begins = !state.is_checking && is_due(state);
            if begins {
                (state.is_checking, state.begun) = (true, Some(Instant::now()));
            }
            begins
        });
        if begins {
            // By itself, so that nobody who goes away takes the answer with them.
            tokio::spawn(self.clone().check());
        }
        // Neither an end of the patience nor one of the sender, which lives as long as this console, changes what is known.
        let _ = tokio::time::timeout(patience, state.wait_for(|state| !state.is_checking)).await;
        let state = state.borrow();
        let passed = state.begun.map_or(Duration::ZERO, |begun| begun.elapsed());
        Coverage { next: self.period.saturating_sub(passed), ..state.coverage.clone() }
    }

    /// Every outcome ends the check, also a panic.
    async fn check(self: Arc<Self>) {
        let found = AssertUnwindSafe(self.find()).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!("the check of coverage panicked");
            Err(("The check of coverage failed.", None))
        });
        self.state.send_modify(|state| {
            state.is_checking = false;
            match found {
                Ok(last) => {
                    state.coverage.last = Some(Arc::new(last));
                    state.coverage.failure = None;
                }
                Err((reason, command)) => {
                    let since = state.coverage.failure.map_or_else(Utc::now, |failure| failure.since);
                    state.coverage.failure = Some(CheckFailure { since, reason, command });
                }
            }
        });
    }

    async fn find(&self) -> Result<LastCheck, (&'static str, Option<&'static str>)> {
        let usual = Config::default();
        let config = self.config.as_ref().unwrap_or(&usual);
        let question = self.trail.health(config, &Schemas::All);
        match tokio::time::timeout(self.limit, question).await {
            Ok(Ok(health)) => {
                let at = Utc::now();
                let unremembered = self.remember(&health).await.err();
                let gaps = self.gaps().await;
                Ok(LastCheck { at, health, gaps, unremembered })
            }
            Ok(Err(error)) => {
                tracing::warn!(error = ?error.to_string(), "coverage could not be checked");
                Err(match error {
                    HealthError::NotInstalled { .. } => (
                        "This database holds no audit trail in the schema that the console reads.",
                        Some("threadline install"),
                    ),
                    _ => ("The database could not be reached, or refused the question.", None),
                })
            }
            Err(_) => {
                HEALTH_CHECK_FAILED.emit(&["timeout"], None);
                tracing::warn!("coverage could not be checked: the database did not answer in time");
                Err(("The database did not answer in time.", None))
            }
        }
    }

    /// Writes down what was found; an error is the reason for the page. A role that may not write still learns what is so now.
    async fn remember(&self, health: &HealthReport) -> Result<(), &'static str> {
        // Without a configuration every redaction would count as drift.
        let redaction = if self.is_configured() { health.redaction.as_slice() } else { &[] };
        let written = self.trail.record_coverage(&health.coverage, redaction);
        match tokio::time::timeout(self.limit, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::warn!(error = ?error.to_string(), "coverage could not be remembered");
                Err(reason(&error))
            }
            Err(_) => {
                tracing::warn!("coverage could not be remembered: the database did not answer in time");
                Err("The database did not answer in time.")
            }
        }
    }

    /// Reads what was found before.
    async fn gaps(&self) -> Option<Vec<CoverageGap>> {
        match tokio::time::timeout(self.limit, self.trail.coverage_gaps(GAPS)).await {
            Ok(Ok(gaps)) => Some(gaps),
            Ok(Err(error)) => {
                tracing::warn!(error = ?error.to_string(), "the gaps of coverage could not be read");
                None
            }
            Err(_) => {
                tracing::warn!("the gaps of coverage could not be read: the database did not answer in time");
                None
            }
        }
    }
}

/// Says for the page why nothing is remembered, without names and values of the database's own error.
const fn reason(error: &RecordCoverageError) -> &'static str {
    match error {
        RecordCoverageError::MissingPrivilege { .. } => {
            "The role of the console may not write the table threadline_coverage_gaps."
        }
        RecordCoverageError::MissingReplicaIdentity { .. } => {
            "The table threadline_coverage_gaps is published without a replica identity, so that PostgreSQL refuses to update it."
        }
        RecordCoverageError::ReadOnly => "The database takes no writes: it is a standby or read-only.",
        RecordCoverageError::MissingTable { .. } => {
            "The table threadline_coverage_gaps is missing: run threadline install."
        }
        _ => "The database refused to write it. A warning in the log says why.",
    }
}
