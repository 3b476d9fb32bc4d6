//! The one way into the console: no handler runs before the hook said yes.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chrono::Utc;
use http::request::Parts;
use threadline::event::CONSOLE_AUTHORIZED;
use threadline::{AuditContext, Scope};
use threadline_app::{ConsoleAction, PageContext, RoutePage};

use crate::decision::{ask, bounded, granted_besides, in_words};
use crate::respond::Reply;
use crate::state::ConsoleState;
use crate::{Access, csrf, mount, theme};

/// How long a page waits for what the header says of coverage.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a handler may rely on: the hook allowed the request.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) state: Arc<ConsoleState>,
    pub(crate) scope: Scope,
    pub(crate) base: String,
    context: PageContext,
}

impl Visit {
    /// The surroundings of the page that answers.
    pub(crate) fn page_context(&self) -> PageContext {
        self.context.clone()
    }

    /// Whether the operator may know of coverage.
    pub(crate) fn may_view_coverage(&self) -> bool {
        self.context.granted.contains(&ConsoleAction::ViewCoverage)
    }
}

/// What a guard knows of the route that it stands before.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub(crate) state: Arc<ConsoleState>,
    pub(crate) action: ConsoleAction,
    /// The page behind it; none for an address that is no page.
    pub(crate) page: Option<RoutePage>,
}

/// Asks the hooks and lets the request pass, or refuses it.
pub(crate) async fn guard(
    State(Gate { state, action, page }): State<Gate>,
    request: Request,
    next: Next,
) -> Response {
    let base = mount::base(&request);
    let (parts, body) = request.into_parts();
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let context = PageContext {
        address: uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        base: base.clone(),
        host_name: state.settings.host_name.clone(),
        theme: theme::chosen(&parts.headers),
        page,
        request_id: request_id(&parts),
        ..PageContext::default()
    };
    let limit = state.settings.hook_timeout;
    let answer = ask(&state, &parts, action).await;
    CONSOLE_AUTHORIZED.emit(&[in_words(&answer)], None);
    let is_apart = ConsoleAction::APART.contains(&action);
    let scope = match answer {
        Ok(Ok(Access::Allow)) => Scope::unscoped(),
        Ok(Ok(Access::AllowWithin(_))) if is_apart => return refuse(context, action),
        Ok(Ok(Access::AllowWithin(scope))) => scope,
        Ok(Ok(Access::Deny)) => return refuse(context, action),
        Ok(Err(error)) => {
            tracing::warn!(?action, error = ?error.to_string(), "authorize_fn failed: access denied");
            return refuse(context, action);
        }
        Err(reason) => {
            tracing::warn!(?action, reason, "authorize_fn gave no answer: access denied");
            return refuse(context, action);
        }
    };
    let hook = state.actor.0.clone();
    let question = parts.clone();
    let operator = bounded(limit, async move { hook(question).await });
    let is_drawn = page.is_none_or(RoutePage::is_drawn);
    let besides = async { if is_drawn { granted_besides(&state, &parts).await } else { Vec::new() } };
    let (operator, granted) = tokio::join!(operator, besides);
    let operator = operator.unwrap_or_else(|reason| {
        tracing::warn!(?action, reason, "actor_fn gave no answer: the operator has no name");
        None
    });
    let coverage = if granted.contains(&ConsoleAction::ViewCoverage) {
        // A page about the check waits for it, and its header says the same.
        let is_about_it = matches!(page, Some(RoutePage::Coverage | RoutePage::Redaction));
        let patience = if is_about_it { 4 * PATIENCE } else { PATIENCE };
        Some(state.monitor.known(patience).await.pill(Utc::now()))
    } else {
        None
    };
    let mut request = Request::from_parts(parts, body);
    let context = PageContext { operator, scoped: scope.is_limited(), granted, coverage, ..context };
    if !csrf::is_allowed(&request) {
        return Reply::cross_origin().into_response(context);
    }
    request.extensions_mut().insert(Visit { state, scope, base, context });
    next.run(request).await
}

/// The id under which the host knows the request: its own layer's, or else what the client's proxy wrote.
fn request_id(parts: &Parts) -> Option<String> {
    let known = parts.extensions.get::<AuditContext>().and_then(|context| context.request_id());
    let sent = || parts.headers.get("x-request-id").and_then(|id| id.to_str().ok());
    known.or_else(sent).filter(|id| (1..=AuditContext::MAX_ID_BYTES).contains(&id.len())).map(str::to_owned)
}

fn refuse(context: PageContext, action: ConsoleAction) -> Response {
    Reply::forbidden(action).into_response(PageContext { page: None, ..context })
}
