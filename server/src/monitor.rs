//! Coverage checks, shared by all browsers: a thousand open consoles cost the database one check per period.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use threadline::event::HEALTH_CHECK_FAILED;
use threadline::health::{CoverageGap, HealthError, HealthReport, RecordCoverageError, Schemas};
use threadline::query::QueryError;
use threadline::{AuditTrail, Config};
use threadline_app::{CheckFailure, Coverage, CoverageSource, LastCheck, explain_database_error};
use tokio::sync::watch;

/// The shortest period between two checks.
const MIN_PERIOD: Duration = Duration::from_secs(5);
/// A result that is younger than this counts as new for "Check now".
const MAX_AGE_OF_NEW: Duration = Duration::from_secs(1);
/// Gaps that the coverage page shows.
const MAX_GAPS: u16 = 50;

/// Runs the checks of one console. It is cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Monitor(Arc<Checks>);

#[derive(Debug)]
struct Checks {
    trail: AuditTrail,
    config: Option<Config>,
    period: Duration,
    /// A check that takes longer has failed.
    timeout: Duration,
    state: watch::Sender<State>,
}

#[derive(Debug, Default)]
struct State {
    coverage: Coverage,
    /// The start of the newest check.
    started: Option<Instant>,
    is_checking: bool,
}

impl Monitor {
    pub(crate) fn new(
        trail: AuditTrail,
        config: Option<Config>,
        period: Duration,
        timeout: Duration,
    ) -> Self {
        let period = period.max(MIN_PERIOD);
        let coverage = Coverage { period, ..Coverage::default() };
        let state = watch::Sender::new(State { coverage, ..State::default() });
        Self(Arc::new(Checks { trail, config, period, timeout, state }))
    }

    pub(crate) fn period(&self) -> Duration {
        self.0.period
    }

    /// Returns the latest result. Starts a check if the last one started `max_age` ago, and waits up to `wait` for a running
    /// one.
    async fn result(&self, max_age: Duration, wait: Duration) -> Coverage {
        let checks = &self.0;
        let mut state = checks.state.subscribe();
        let is_due = |state: &State| state.started.is_none_or(|started| started.elapsed() >= max_age);
        let starts = checks.state.send_if_modified(|state| {
            let starts = !state.is_checking && is_due(state);
            if starts {
                (state.is_checking, state.started) = (true, Some(Instant::now()));
            }
            starts
        });
        if starts {
            // A task of its own, so that a request that is cancelled does not cancel the check.
            tokio::spawn(checks.clone().run());
        }
        // Ignore the outcome: on timeout the previous result is returned, and the sender lives as long as `self`.
        let _ = tokio::time::timeout(wait, state.wait_for(|state| !state.is_checking)).await;
        let state = state.borrow();
        let passed = state.started.map_or(Duration::ZERO, |started| started.elapsed());
        Coverage { next: checks.period.saturating_sub(passed), ..state.coverage.clone() }
    }
}

impl CoverageSource for Monitor {
    fn current(&self, wait: Duration) -> BoxFuture<'_, Coverage> {
        Box::pin(self.result(self.0.period, wait))
    }

    fn check_now(&self) -> BoxFuture<'_, Coverage> {
        Box::pin(self.result(MAX_AGE_OF_NEW, self.0.timeout))
    }

    fn is_configured(&self) -> bool {
        self.0.config.is_some()
    }
}

impl Checks {
    /// Checks, and stores the result. Every outcome ends the check, also a panic.
    async fn run(self: Arc<Self>) {
        let result = AssertUnwindSafe(self.check()).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!("the coverage check panicked");
            Err(("The check of coverage failed.", None))
        });
        self.state.send_modify(|state| {
            state.is_checking = false;
            match result {
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

    async fn check(&self) -> Result<LastCheck, (&'static str, Option<&'static str>)> {
        let default = Config::default();
        let config = self.config.as_ref().unwrap_or(&default);
        let check = self.trail.health(config, &Schemas::All);
        match tokio::time::timeout(self.timeout, check).await {
            Ok(Ok(health)) => {
                let at = Utc::now();
                let not_recorded = self.record(&health).await.err();
                let gaps = self.gaps().await;
                Ok(LastCheck { at, health, gaps, not_recorded })
            }
            Ok(Err(error)) => {
                tracing::warn!(error = ?error.to_string(), "coverage could not be checked");
                Err(match error {
                    HealthError::NotInstalled { .. } => (
                        "This database holds no audit trail in the schema that the console reads.",
                        Some("threadline install"),
                    ),
                    HealthError::Database(error) => match QueryError::from(error) {
                        QueryError::Timeout => {
                            ("The database stopped the check, because it took too long.", None)
                        }
                        error => explain_database_error(&error),
                    },
                    _ => ("The check of coverage failed. A warning in the log says why.", None),
                })
            }
            Err(_) => {
                HEALTH_CHECK_FAILED.emit(&["timeout"], None);
                tracing::warn!("coverage could not be checked: the database did not answer in time");
                Err(("The database did not answer in time.", None))
            }
        }
    }

    /// Records the gaps. The error is a sentence for the page: a role that may not write still sees the result of the check.
    async fn record(&self, health: &HealthReport) -> Result<(), &'static str> {
        // Without a configuration every redaction would count as drift.
        let redaction = if self.config.is_some() { health.redaction.as_slice() } else { &[] };
        let recorded = self.trail.record_coverage(&health.coverage, redaction);
        match tokio::time::timeout(self.timeout, recorded).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::warn!(error = ?error.to_string(), "coverage could not be recorded");
                Err(reason(&error))
            }
            Err(_) => {
                tracing::warn!("coverage could not be recorded: the database did not answer in time");
                Err("The database did not answer in time.")
            }
        }
    }

    /// Reads the gaps of this and earlier checks.
    async fn gaps(&self) -> Option<Vec<CoverageGap>> {
        match tokio::time::timeout(self.timeout, self.trail.coverage_gaps(MAX_GAPS)).await {
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

/// Returns the sentence for the page about gaps that could not be recorded, without names and values of the database's error.
const fn reason(error: &RecordCoverageError) -> &'static str {
    match error {
        RecordCoverageError::MissingPrivilege { .. } => {
            "The role of the console may not write the table threadline_coverage_gaps: run threadline install --roles, and \
             make it a member of threadline_console."
        }
        RecordCoverageError::MissingReplicaIdentity { .. } => {
            "The table threadline_coverage_gaps is published without a replica identity, so that PostgreSQL refuses to update it."
        }
        RecordCoverageError::ReadOnly => "The database does not accept writes: it is a standby or read-only.",
        RecordCoverageError::MissingTable { .. } => {
            "The table threadline_coverage_gaps is missing: run threadline install."
        }
        _ => "The database refused to write it. A warning in the log says why.",
    }
}
