//! The results of the host's own search.

use std::fmt;

use futures_util::future::BoxFuture;
use threadline::ActorRef;

use super::{Label, RowRef};

/// A result of the host's own search, with its label.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchHit {
    /// A row.
    Row(RowRef, Label),
    /// An actor.
    Actor(ActorRef, Label),
}

/// The search of the host, for one request.
pub trait HostSearch: fmt::Debug + Send + Sync {
    /// Returns what the host finds for these words. If its search fails, there is nothing.
    fn search(&self, words: String) -> BoxFuture<'_, Vec<SearchHit>>;
}
