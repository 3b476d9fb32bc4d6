//! A tower layer that fills the audit context of each request.

use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Request;
use http::request::Parts;
use tower_layer::Layer;
use tower_service::Service;

use crate::event::CONTEXT_ID_REFUSED;
use crate::{ActorRef, AuditContext, ContextError};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type ActorFn = dyn Fn(Parts) -> BoxFuture<Option<ActorRef>> + Send + Sync;
type ClientAddrFn = dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync;
type OverridesFn = dyn Fn(&Parts) -> ContextOverrides + Send + Sync;

/// A layer that adds an [`AuditContext`] to the extensions of each request (feature `tower`).
///
/// The request id comes from the header `x-request-id`, the correlation id from `x-correlation-id`. An id that is blank,
/// longer than [`AuditContext::MAX_ID_BYTES`], or not printable is ignored, with an event that names the header. With
/// the feature `axum`, [`AuditContext`] is an extractor.
///
/// ```
/// use threadline::{ActorKind, ActorRef, AuditContextLayer};
///
/// let layer = AuditContextLayer::new(|parts| async move {
///     // An outer layer has added this: a session, or a verified token.
///     let account = parts.extensions.get::<u64>()?;
///     ActorRef::new(ActorKind::User, account.to_string()).ok()
/// });
/// ```
///
/// The layer does not use the database and rejects no request. Without an actor,
/// [`AuditedWrite::begin`](crate::AuditedWrite::begin) returns an error later.
#[derive(Clone)]
pub struct AuditContextLayer {
    actor: Arc<ActorFn>,
    client_addr: Option<Arc<ClientAddrFn>>,
    overrides: Option<Arc<OverridesFn>>,
}

/// The ids of a request whose headers have none. A valid header takes precedence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContextOverrides {
    /// The request id; `None` for no id.
    pub request_id: Option<String>,
    /// The correlation id; `None` for no id.
    pub correlation_id: Option<String>,
}

impl AuditContextLayer {
    /// Creates a layer that calls this function for the actor of each request. The function returns `None` if nobody is logged
    /// in.
    ///
    /// It receives the request without its body, like the `actor_fn` of the console, so one function can serve both.
    pub fn new<F, R>(actor_fn: F) -> Self
    where
        F: Fn(Parts) -> R + Send + Sync + 'static,
        R: Future<Output = Option<ActorRef>> + Send + 'static,
    {
        let actor = Arc::new(move |parts| -> BoxFuture<Option<ActorRef>> { Box::pin(actor_fn(parts)) });
        Self { actor, client_addr: None, overrides: None }
    }

    /// Sets the function that returns the address of the client: that of the connection, or of a header that your proxy sets.
    /// The layer reads no such header by itself, because a client can send it as well.
    #[must_use]
    pub fn client_addr_fn<F>(mut self, client_addr_fn: F) -> Self
    where
        F: Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static,
    {
        self.client_addr = Some(Arc::new(client_addr_fn));
        self
    }

    /// Sets the function that returns ids for requests without the headers. An id that is blank, too long or not printable is
    /// ignored, with a warning in the log.
    ///
    /// ```
    /// # let layer = threadline::AuditContextLayer::new(|_| async { None });
    /// use threadline::ContextOverrides;
    ///
    /// let layer = layer.overrides_fn(|_| ContextOverrides {
    ///     request_id: Some(uuid::Uuid::now_v7().to_string()),
    ///     ..ContextOverrides::default()
    /// });
    /// ```
    #[must_use]
    pub fn overrides_fn<F>(mut self, overrides_fn: F) -> Self
    where
        F: Fn(&Parts) -> ContextOverrides + Send + Sync + 'static,
    {
        self.overrides = Some(Arc::new(overrides_fn));
        self
    }

    async fn context(self, parts: Parts) -> AuditContext {
        let overrides = self.overrides.map(|overrides| overrides(&parts)).unwrap_or_default();
        let mut context = AuditContext::without_actor();
        context = with_id(context, &parts, "x-request-id", overrides.request_id, |context, id| {
            context.with_request_id(id)
        });
        context = with_id(context, &parts, "x-correlation-id", overrides.correlation_id, |context, id| {
            context.with_correlation_id(id)
        });
        if let Some(addr) = self.client_addr.and_then(|client_addr| client_addr(&parts)) {
            context = context.with_client_addr(addr);
        }
        context.actor = (self.actor)(parts).await;
        context
    }
}

/// Returns the id of the header, or else the override.
fn with_id(
    context: AuditContext,
    parts: &Parts,
    header: &'static str,
    gap: Option<String>,
    set: fn(AuditContext, String) -> Result<AuditContext, ContextError>,
) -> AuditContext {
    if let Some(sent) = parts.headers.get(header) {
        let id = sent.to_str().unwrap_or_default().to_owned();
        match set(context.clone(), id) {
            Ok(context) => return context,
            Err(_) => CONTEXT_ID_REFUSED.emit(&[header], None),
        }
    }
    match gap.map(|id| set(context.clone(), id)) {
        Some(Ok(context)) => context,
        Some(Err(error)) => {
            tracing::warn!(%error, "overrides_fn gave an id that the audit context cannot take");
            context
        }
        None => context,
    }
}

impl fmt::Debug for AuditContextLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditContextLayer").finish_non_exhaustive()
    }
}

impl<S> Layer<S> for AuditContextLayer {
    type Service = AuditContextService<S>;

    fn layer(&self, inner: S) -> AuditContextService<S> {
        AuditContextService { inner, layer: self.clone() }
    }
}

/// The service that [`AuditContextLayer`] wraps around another one.
#[derive(Debug, Clone)]
pub struct AuditContextService<S> {
    inner: S,
    layer: AuditContextLayer,
}

impl<S, B> Service<Request<B>> for AuditContextService<S>
where
    S: Service<Request<B>, Future: Send> + Clone + Send + 'static,
    B: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The instance that reported readiness serves this request, and its clone the next one.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let layer = self.layer.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let context = layer.context(parts.clone()).await;
            parts.extensions.insert(context);
            inner.call(Request::from_parts(parts, body)).await
        })
    }
}
