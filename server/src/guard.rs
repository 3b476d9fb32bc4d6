//! The one way into the console: no handler runs before the hook said yes.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use http::request::Parts;
use threadline::event::CONSOLE_AUTHORIZED;
use threadline::{AuditContext, Scope};
use threadline_app::{ConsoleAction, Frame, RoutePage};

use crate::builder::Shared;
use crate::hooks::BoxError;
use crate::respond::Reply;
use crate::{Access, AccessRequest, mount, theme};

/// What a handler may rely on: the hook allowed the request.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) shared: Arc<Shared>,
    pub(crate) scope: Scope,
    pub(crate) base: String,
    frame: Frame,
}

impl Visit {
    /// The surroundings of the page that answers.
    pub(crate) fn frame(&self) -> Frame {
        self.frame.clone()
    }
}

/// What a guard knows of the route that it stands before.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub(crate) shared: Arc<Shared>,
    pub(crate) action: ConsoleAction,
    /// The page behind it; none for an address that is no page.
    pub(crate) page: Option<RoutePage>,
}

/// Asks the hooks and lets the request pass, or refuses it.
pub(crate) async fn guard(
    State(Gate { shared, action, page }): State<Gate>,
    request: Request,
    next: Next,
) -> Response {
    let base = mount::base(&request);
    let (parts, body) = request.into_parts();
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let frame = Frame {
        address: uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        base: base.clone(),
        host_name: shared.settings.host_name.clone(),
        theme: theme::chosen(&parts.headers),
        page,
        request_id: request_id(&parts),
        ..Frame::default()
    };
    let limit = shared.settings.hook_timeout;
    let question = AccessRequest { parts: parts.clone(), action };
    let hook = shared.authorize.0.clone();
    let answer = bounded(limit, async move { hook(question).await }).await;
    CONSOLE_AUTHORIZED.emit(&[result(&answer)], None);
    let scope = match answer {
        Ok(Ok(Access::Allow)) => Scope::unscoped(),
        Ok(Ok(Access::AllowWithin(scope))) => scope,
        Ok(Ok(Access::Deny)) => return refuse(frame),
        Ok(Err(error)) => {
            tracing::warn!(?action, error = ?error.to_string(), "authorize_fn failed: access denied");
            return refuse(frame);
        }
        Err(reason) => {
            tracing::warn!(?action, reason, "authorize_fn gave no answer: access denied");
            return refuse(frame);
        }
    };
    let hook = shared.actor.0.clone();
    let question = parts.clone();
    let operator = bounded(limit, async move { hook(question).await }).await.unwrap_or_else(|reason| {
        tracing::warn!(?action, reason, "actor_fn gave no answer: the operator has no name");
        None
    });
    let mut request = Request::from_parts(parts, body);
    let frame = Frame { operator, scoped: scope.is_limited(), ..frame };
    request.extensions_mut().insert(Visit { shared, scope, base, frame });
    next.run(request).await
}

/// The id under which the host knows the request: its own layer's, or else what the client's proxy wrote.
fn request_id(parts: &Parts) -> Option<String> {
    let known = parts.extensions.get::<AuditContext>().and_then(|context| context.request_id());
    let sent = || parts.headers.get("x-request-id").and_then(|id| id.to_str().ok());
    known.or_else(sent).filter(|id| (1..=AuditContext::MAX_ID_BYTES).contains(&id.len())).map(str::to_owned)
}

/// The outcome of a hook, or why there is none.
async fn bounded<T>(limit: Duration, hook: impl Future<Output = T>) -> Result<T, &'static str> {
    match tokio::time::timeout(limit, AssertUnwindSafe(hook).catch_unwind()).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err("panic"),
        Err(_) => Err("timeout"),
    }
}

/// The answer in the words of the event.
fn result(answer: &Result<Result<Access, BoxError>, &'static str>) -> &'static str {
    match answer {
        Ok(Ok(Access::Allow)) => "granted",
        Ok(Ok(Access::AllowWithin(_))) => "granted_within_scope",
        Ok(Ok(Access::Deny)) => "denied",
        Ok(Err(_)) => "error",
        Err(reason) => reason,
    }
}

fn refuse(frame: Frame) -> Response {
    Reply::forbidden().into_response(Frame { page: None, ..frame })
}
