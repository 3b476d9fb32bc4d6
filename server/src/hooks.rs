//! The hooks of the host, with their types erased.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::request::Parts;
use threadline::ActorRef;
use threadline_app::{Labels, SearchHit};

use crate::{Access, AccessRequest, LabelRequest, SearchRequest};

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

type Authorize = dyn Fn(AccessRequest) -> BoxFuture<'static, Result<Access, BoxError>> + Send + Sync;
type LabelsFn = dyn Fn(LabelRequest) -> BoxFuture<'static, Result<Labels, BoxError>> + Send + Sync;
type SearchFn = dyn Fn(SearchRequest) -> BoxFuture<'static, Result<Vec<SearchHit>, BoxError>> + Send + Sync;
type Actor = dyn Fn(Parts) -> BoxFuture<'static, Option<ActorRef>> + Send + Sync;

/// The authorization hook.
#[doc(hidden)]
#[derive(Clone)]
pub struct AuthorizeHook(pub(crate) Arc<Authorize>);

/// The hook that names the operator.
#[doc(hidden)]
#[derive(Clone)]
pub struct ActorHook(pub(crate) Arc<Actor>);

impl AuthorizeHook {
    pub(crate) fn new<F, R, E>(hook: F) -> Self
    where
        F: Fn(AccessRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Access, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self(Arc::new(move |request| {
            let answer = hook(request);
            Box::pin(async move { answer.await.map_err(Into::into) })
        }))
    }
}

impl ActorHook {
    pub(crate) fn new<F, R>(hook: F) -> Self
    where
        F: Fn(Parts) -> R + Send + Sync + 'static,
        R: Future<Output = Option<ActorRef>> + Send + 'static,
    {
        Self(Arc::new(move |parts| Box::pin(hook(parts))))
    }
}

/// The hook that gives labels to actors and rows.
#[derive(Clone)]
pub(crate) struct LabelsHook(pub(crate) Arc<LabelsFn>);

impl LabelsHook {
    pub(crate) fn new<F, R, E>(hook: F) -> Self
    where
        F: Fn(LabelRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Labels, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self(Arc::new(move |request| {
            let answer = hook(request);
            Box::pin(async move { answer.await.map_err(Into::into) })
        }))
    }
}

/// The hook that searches the host.
#[derive(Clone)]
pub(crate) struct SearchHook(pub(crate) Arc<SearchFn>);

impl SearchHook {
    pub(crate) fn new<F, R, E>(hook: F) -> Self
    where
        F: Fn(SearchRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Vec<SearchHit>, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self(Arc::new(move |request| {
            let answer = hook(request);
            Box::pin(async move { answer.await.map_err(Into::into) })
        }))
    }
}

impl fmt::Debug for SearchHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SearchHook")
    }
}

impl fmt::Debug for LabelsHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LabelsHook")
    }
}

impl fmt::Debug for AuthorizeHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorizeHook")
    }
}

impl fmt::Debug for ActorHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ActorHook")
    }
}
