//! The load: writers that know what became of each write, and users who walk over the pages of the console.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use threadline_testkit::html::{part, words};
use threadline_testkit::random::Random;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::scenario::Scenario;
use crate::client::{Client, RequestError};

/// The writes that may wait for their response at the same time. Others are not sent.
const MAX_WAITING_WRITES: usize = 1000;
/// The longest time that a user looks at a page, in milliseconds.
const MAX_THINK_TIME: usize = 4000;
/// The time within which the console has to recover.
const MAX_RECOVERY: Duration = Duration::from_secs(120);
/// The requests without an error in a row that make a recovery.
const RECOVERED_REQUESTS: usize = 20;
/// The addresses that users return to from time to time.
const START_ADDRESSES: [&str; 10] = [
    "/audit",
    "/audit/timeline",
    "/audit/timeline?table=host_tickets",
    "/audit/timeline?actor=user:user-7",
    "/audit/timeline?action=ticket.handled&operation=update",
    "/audit/actors/user/user-9",
    "/audit/rows",
    "/audit/coverage",
    "/audit/policy/redaction",
    "/audit/exports/changes.csv?actor=user:user-11",
];

/// The part of a scenario in which a request begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Before,
    Fault,
    After,
}

impl Phase {
    pub(super) const ALL: [Self; 3] = [Self::Before, Self::Fault, Self::After];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Fault => "fault",
            Self::After => "after",
        }
    }
}

/// The response of the host to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WriteOutcome {
    Acknowledged,
    Refused,
    Unknown,
}

/// The response that a user got, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Status(u16),
    NoResponse,
    BrokenOff,
}

/// The counts of one scenario.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) writes: BTreeMap<i64, WriteOutcome>,
    /// The explanations in pages with a status of 500 or more.
    pub(super) problems: BTreeMap<(Phase, String), u64>,
    answers: BTreeMap<(Phase, Answer), u64>,
    /// The writes that were not acknowledged, outside of the fault.
    failed_writes: BTreeMap<(Phase, String), u64>,
    /// One address for each status that no fault explains.
    unexpected: BTreeMap<(Phase, u16), String>,
}

impl Counts {
    pub(super) fn write_counts(&self) -> [f64; 3] {
        [WriteOutcome::Acknowledged, WriteOutcome::Refused, WriteOutcome::Unknown]
            .map(|outcome| self.writes.values().filter(|known| **known == outcome).count() as f64)
    }

    /// Returns the number of responses with status 200, 503 and others, of requests without a response, and of incomplete ones.
    pub(super) fn answers(&self, phase: Phase) -> [f64; 5] {
        let mut answers = [0.0; 5];
        for ((_, answer), count) in self.answers.iter().filter(|((of, _), _)| *of == phase) {
            let column = match answer {
                Answer::Status(200) => 0,
                Answer::Status(503) => 1,
                Answer::Status(_) => 2,
                Answer::NoResponse => 3,
                Answer::BrokenOff => 4,
            };
            answers[column] += *count as f64;
        }
        answers
    }

    /// Returns what the fault does not explain.
    pub(super) fn failures(&self, scenario: Scenario) -> Vec<String> {
        let mut failures = Vec::new();
        for ((phase, answer), count) in &self.answers {
            let is_explained = match (phase, answer) {
                (_, Answer::Status(200)) | (Phase::Fault, Answer::Status(503) | Answer::BrokenOff) => true,
                (Phase::Fault, Answer::NoResponse) => scenario.interrupts_host(),
                _ => false,
            };
            if !is_explained {
                let example = match answer {
                    Answer::Status(status) => self.unexpected.get(&(*phase, *status)),
                    _ => None,
                };
                let example = example.map_or_else(String::new, |address| format!(", such as {address}"));
                failures.push(format!("{count} requests ({}) ended with {answer:?}{example}", phase.name()));
            }
        }
        for ((_, text), count) in &self.problems {
            if !scenario.explanations().contains(&text.as_str()) {
                failures.push(format!("{count} pages say {text:?}, which does not explain this fault"));
            }
        }
        for ((phase, error), count) in &self.failed_writes {
            failures.push(format!("{count} writes ({}) failed: {error}", phase.name()));
        }
        failures
    }
}

/// The load of one scenario.
#[derive(Debug, Clone)]
pub(super) struct Load(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    port: u16,
    writes_per_second: u64,
    users: u32,
    phase: AtomicU8,
    next_write: AtomicI64,
    counts: Mutex<Counts>,
}

/// Load that is running.
#[derive(Debug)]
pub(super) struct Running {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Ends the load, and waits until no request is waiting for its response.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Load {
    pub(super) fn new(port: u16, writes_per_second: u64, users: u32) -> Self {
        Self(Arc::new(Shared {
            port,
            writes_per_second,
            users,
            phase: AtomicU8::new(0),
            next_write: AtomicI64::new(1),
            counts: Mutex::default(),
        }))
    }

    /// Begins a phase: requests that are sent from now on belong to it.
    pub(super) fn enter(&self, phase: Phase) {
        self.0.phase.store(phase as u8, Ordering::Relaxed);
    }

    fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.0.phase.load(Ordering::Relaxed))]
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn into_counts(self) -> Counts {
        std::mem::take(&mut *self.counts())
    }

    /// Starts the writers and the users.
    pub(super) fn start(&self) -> Running {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(self.clone().write(stopped.clone()));
        for number in 0..self.0.users {
            tasks.spawn(self.clone().browse(number, stopped.clone()));
        }
        Running { stop, tasks }
    }

    /// Writes at a steady rate, however long each write takes.
    async fn write(self, stopped: watch::Receiver<bool>) {
        let client = Arc::new(Client::new(self.0.port));
        let waiting = Arc::new(Semaphore::new(MAX_WAITING_WRITES));
        let mut ticks =
            interval(Duration::from_secs(1) / u32::try_from(self.0.writes_per_second).unwrap_or(u32::MAX));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut writes = JoinSet::new();
        while !*stopped.borrow() {
            ticks.tick().await;
            if let Ok(permit) = waiting.clone().try_acquire_owned() {
                let (load, client) = (self.clone(), client.clone());
                writes.spawn(async move {
                    load.write_once(&client).await;
                    drop(permit);
                });
            }
            while writes.try_join_next().is_some() {}
        }
        while writes.join_next().await.is_some() {}
    }

    /// Sends one write, and records what became of it.
    async fn write_once(&self, client: &Client) -> WriteOutcome {
        let id = self.0.next_write.fetch_add(1, Ordering::Relaxed);
        let phase = self.phase();
        // Until there is a response, the outcome is unknown.
        self.counts().writes.insert(id, WriteOutcome::Unknown);
        let (outcome, error) = match client.request("POST", &format!("/tickets/{id}"), &[]).await {
            Ok(response) => {
                let error = String::from_utf8_lossy(&response.body).into_owned();
                match response.status {
                    StatusCode::OK => (WriteOutcome::Acknowledged, error),
                    StatusCode::SERVICE_UNAVAILABLE => (WriteOutcome::Refused, error),
                    _ => (WriteOutcome::Unknown, error),
                }
            }
            Err(RequestError::NotConnected) => (WriteOutcome::Refused, "the host does not listen".to_owned()),
            Err(_) => (WriteOutcome::Unknown, "the host did not respond".to_owned()),
        };
        let mut counts = self.counts();
        counts.writes.insert(id, outcome);
        if outcome != WriteOutcome::Acknowledged && phase != Phase::Fault {
            *counts.failed_writes.entry((phase, error)).or_default() += 1;
        }
        outcome
    }

    /// Follows links of the console as one operator.
    async fn browse(self, number: u32, mut stopped: watch::Receiver<bool>) {
        let (client, operator) = (Client::new(self.0.port), format!("operator-{number}"));
        let mut random = Random::new(u64::from(number) + 1);
        let mut address = START_ADDRESSES[number as usize % START_ADDRESSES.len()].to_owned();
        while !*stopped.borrow() {
            let links = self.open_page(&client, &operator, &address).await;
            let start = START_ADDRESSES[random.below(START_ADDRESSES.len())];
            address = match links.len() {
                0 => start.to_owned(),
                _ if random.below(4) == 0 => start.to_owned(),
                count => links[random.below(count)].clone(),
            };
            let think_time = Duration::from_millis(random.below(MAX_THINK_TIME) as u64);
            // The wait ends early when the load is stopped.
            let _elapsed = timeout(think_time, stopped.wait_for(|stopped| *stopped)).await;
        }
    }

    /// Requests a page, counts what came of it, and returns its links.
    async fn open_page(&self, client: &Client, operator: &str, address: &str) -> Vec<String> {
        let phase = self.phase();
        let response = client.request("GET", address, &[("x-operator", operator)]).await;
        let mut counts = self.counts();
        let answer = match &response {
            Ok(response) => Answer::Status(response.status.as_u16()),
            Err(RequestError::BrokenOff) => Answer::BrokenOff,
            Err(RequestError::NotConnected | RequestError::NoResponse) => Answer::NoResponse,
        };
        *counts.answers.entry((phase, answer)).or_default() += 1;
        let Ok(response) = response else { return Vec::new() };
        let body = String::from_utf8_lossy(&response.body);
        if response.status != StatusCode::OK {
            counts.unexpected.entry((phase, response.status.as_u16())).or_insert_with(|| address.to_owned());
        }
        if response.status.is_server_error() {
            // The text of the element without tags that it may contain.
            let explanation = words(&format!(">{}", part(&body, "<p class=\"lede\">", "</p>")));
            *counts.problems.entry((phase, explanation)).or_default() += 1;
        }
        links(&body)
    }

    /// Waits until several requests in a row succeed, and a write as well. Returns the time until the first of them, or the time
    /// that was waited in vain.
    pub(super) async fn recovery(&self) -> Result<Duration, String> {
        let start = Instant::now();
        loop {
            let began = start.elapsed();
            match self.check_recovery().await {
                Ok(()) => return Ok(began),
                Err(problem) if began > MAX_RECOVERY => return Err(problem),
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Returns what still fails.
    async fn check_recovery(&self) -> Result<(), String> {
        let client = Client::new(self.0.port);
        for number in 0..RECOVERED_REQUESTS {
            let address = START_ADDRESSES[number % START_ADDRESSES.len()];
            let response = client.request("GET", address, &[("x-operator", "operator-of-the-check")]).await;
            match response {
                Ok(response) if response.status == StatusCode::OK => {}
                Ok(response) => return Err(format!("{address}: status {}", response.status)),
                Err(error) => return Err(format!("{address}: {error:?}")),
            }
        }
        match self.write_once(&client).await {
            WriteOutcome::Acknowledged => Ok(()),
            outcome => Err(format!("a write is {outcome:?}")),
        }
    }
}

/// Returns the addresses of the links in a page of the console.
fn links(body: &str) -> Vec<String> {
    let hrefs = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let of_console = hrefs.filter(|href| href.starts_with("/audit") && !href.contains("/exports/"));
    of_console.map(|href| href.split('#').next().unwrap_or(href).replace("&amp;", "&")).collect()
}
