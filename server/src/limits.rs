//! Limits how many requests of a console run at the same time, so that it leaves the processor and the pool to its host.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use threadline::ActorRef;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The time that a request waits for others to end before it is refused: as long as one statement may take, so that a slow search
/// in one tab does not refuse the next tab.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// The time that the next part of a response waits. The client already has the beginning, so the rest is worth a longer wait.
const MAX_PART_WAIT: Duration = Duration::from_secs(60);

/// The requests that run. One operator gets at most half of them, so that the tabs or the script of one person do not shut out
/// the others.
#[derive(Debug)]
pub(crate) struct RequestLimits {
    all: Arc<Semaphore>,
    per_operator: usize,
    /// The semaphores of the operators whose requests run or wait.
    operators: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// The permission to run one request, until it is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct RequestPermit {
    _operator: Option<OwnedSemaphorePermit>,
    _all: OwnedSemaphorePermit,
}

impl RequestLimits {
    /// Allows this many requests at the same time: at least one.
    pub(crate) fn new(max_requests: usize) -> Self {
        let max_requests = max_requests.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            all: Arc::new(Semaphore::new(max_requests)),
            per_operator: max_requests.div_ceil(2),
            operators: Mutex::default(),
        }
    }

    /// Waits until the operator's request may run, or returns `None` if that takes too long. An operator without a name has no limit
    /// of their own.
    pub(crate) async fn acquire(&self, operator: Option<&ActorRef>) -> Option<RequestPermit> {
        self.acquire_within(MAX_WAIT, operator).await
    }

    async fn acquire_within(&self, wait: Duration, operator: Option<&ActorRef>) -> Option<RequestPermit> {
        let own = operator.map(|operator| self.semaphore(&operator.to_string()));
        let both = async {
            let operator = match own {
                Some(own) => Some(own.acquire_owned().await.ok()?),
                None => None,
            };
            let all = self.all.clone().acquire_owned().await.ok()?;
            Some(RequestPermit { _operator: operator, _all: all })
        };
        tokio::time::timeout(wait, both).await.ok().flatten()
    }

    fn semaphore(&self, operator: &str) -> Arc<Semaphore> {
        let mut operators = self.operators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = operators.get(operator).and_then(Weak::upgrade) {
            return own;
        }
        operators.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(self.per_operator));
        operators.insert(operator.to_owned(), Arc::downgrade(&own));
        own
    }
}

/// The limits for the parts of a response that is sent after its handler has returned, such as a download.
///
/// Each part needs a permit only while it is read and written. A client that receives slowly holds none.
#[derive(Debug, Clone)]
pub(crate) struct PartLimits {
    limits: Arc<RequestLimits>,
    operator: Option<ActorRef>,
}

impl PartLimits {
    pub(crate) const fn new(limits: Arc<RequestLimits>, operator: Option<ActorRef>) -> Self {
        Self { limits, operator }
    }

    /// Waits until the next part may be read, or returns an error if that takes too long.
    pub(crate) async fn acquire(&self) -> io::Result<RequestPermit> {
        let permit = self.limits.acquire_within(MAX_PART_WAIT, self.operator.as_ref()).await;
        permit.ok_or_else(|| {
            tracing::warn!("a download ends early: too many requests of the console are running");
            io::Error::other("too many requests of the console are running")
        })
    }
}

#[cfg(test)]
mod tests {
    use threadline::ActorKind;

    use super::*;

    fn user(id: &str) -> Option<ActorRef> {
        ActorRef::new(ActorKind::User, id).ok()
    }

    #[tokio::test(start_paused = true)]
    async fn one_operator_gets_half_of_the_requests() {
        let limits = RequestLimits::new(4);
        let (ann, bob) = (user("ann"), user("bob"));
        let first = limits.acquire(ann.as_ref()).await.unwrap();
        let _second = limits.acquire(ann.as_ref()).await.unwrap();
        assert!(limits.acquire(ann.as_ref()).await.is_none());
        let _other = limits.acquire(bob.as_ref()).await.unwrap();
        drop(first);
        assert!(limits.acquire(ann.as_ref()).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn request_beyond_the_limit_is_refused_after_a_wait() {
        let limits = RequestLimits::new(2);
        let (ann, bob) = (user("ann"), user("bob"));
        let permits = [limits.acquire(ann.as_ref()).await.unwrap(), limits.acquire(None).await.unwrap()];
        assert!(limits.acquire(bob.as_ref()).await.is_none());
        drop(permits);
        assert!(limits.acquire(bob.as_ref()).await.is_some());
        assert_eq!(limits.operators.lock().unwrap().len(), 1, "operators without requests are removed");
    }
}
