//! The route guard: no handler runs before the authorization hook has allowed the request.

use std::sync::Arc;

use axum::extract::{OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chrono::Utc;
use http::Method;
use http::request::Parts;
use threadline::AuditContext;
use threadline::event::CONSOLE_AUTHORIZED;
use threadline_app::{
    ConsoleAction, CoverageSource, PageContext, PageError, ROUTES, RequestContext, Route, VisiblePart,
};

use crate::decision::{authorize, call_with_timeout, granted_actions, granted_scope, label};
use crate::labels::LabelSource;
use crate::limits::PartLimits;
use crate::respond::{error_page, render_error};
use crate::search::SearchSource;
use crate::state::ConsoleState;
use crate::{Access, csrf, mount, preferences};

/// The part of the query timeout that a page waits for the coverage status in its header: half a second of 8.
const COVERAGE_DIVISOR: u32 = 16;

/// The guard of one route.
#[derive(Debug, Clone)]
pub(crate) struct RouteGuard {
    pub(crate) state: Arc<ConsoleState>,
    pub(crate) action: ConsoleAction,
    /// The route; `None` for an unknown address.
    pub(crate) route: Option<&'static Route>,
}

/// Calls the hooks and passes the request on, or denies it.
///
/// In this order: the authorization hook decides; the other hook names the operator, also for the page about a refusal; the origin
/// of a request with an unsafe method is checked (see [`csrf`]); the request waits until few enough others run; the handler runs with
/// a [`RequestContext`]; and an error of the handler is rendered.
pub(crate) async fn guard(
    State(RouteGuard { state, action, route }): State<RouteGuard>,
    request: Request,
    next: Next,
) -> Response {
    let base = mount::base(&request);
    let (parts, body) = request.into_parts();
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let page = PageContext {
        address: uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        base,
        host: state.host.clone(),
        theme: preferences::chosen(&parts.headers),
        density: preferences::chosen(&parts.headers),
        zone: preferences::chosen(&parts.headers),
        route,
        request_id: request_id(&parts),
        ..PageContext::default()
    };
    let decision = authorize(&state, &parts, action).await;
    CONSOLE_AUTHORIZED.emit(&[label(&decision)], None);
    let hook = state.actor.0.clone();
    let actor_parts = parts.clone();
    let operator = call_with_timeout(state.settings.hook_timeout, async move { hook(actor_parts).await });
    let operator = async {
        operator.await.unwrap_or_else(|reason| {
            tracing::warn!(?action, reason, "actor_fn gave no answer: the operator has no name");
            None
        })
    };
    // A scope lets the operator in, and is refused only on pages about the whole database.
    let is_known = matches!(decision, Ok(Ok(Access::AllowWithin(_))));
    let is_page = route.is_none_or(Route::is_page);
    let Some(scope) = granted_scope(decision, action) else {
        let actions = if is_page { linked_actions() } else { Vec::new() };
        let (operator, granted) = tokio::join!(operator, granted_actions(&state, &parts, actions));
        let is_known = is_known || operator.is_some();
        let sign_in = (!is_known).then(|| state.host.sign_in_href(&return_address(&parts, &page))).flatten();
        // Somebody who may open other pages is not told that they are signed out.
        let error = if is_known || !granted.is_empty() {
            PageError::forbidden(action)
        } else {
            PageError::signed_out()
        };
        let page = PageContext { operator, granted, sign_in, is_refused: true, route: None, ..page };
        return error_page(error, page);
    };
    let actions = if is_page { ConsoleAction::GLOBAL.to_vec() } else { Vec::new() };
    let (operator, granted) = tokio::join!(operator, granted_actions(&state, &parts, actions));
    let coverage = if granted.contains(&ConsoleAction::ViewCoverage) {
        // A page about the check waits longer, so that its header says the same as the page.
        let needs_coverage = route.is_some_and(|route| route.needs_coverage);
        let wait = state.settings.query_timeout / COVERAGE_DIVISOR;
        let wait = if needs_coverage { 4 * wait } else { wait };
        Some(state.monitor.current(wait).await.pill(Utc::now()))
    } else {
        None
    };
    let page = PageContext { operator, visible: VisiblePart::from(&scope), granted, coverage, ..page };
    let host_search = SearchSource::of_request(&state, &parts);
    let mut request = Request::from_parts(parts, body);
    let is_call = route.is_some_and(Route::is_server_function);
    let is_allowed = if is_call { csrf::is_allowed_call(&request) } else { csrf::is_allowed(&request) };
    if !is_allowed {
        return error_page(PageError::cross_origin(), page);
    }
    let Some(_permit) = state.limits.acquire(page.operator.as_ref()).await else {
        tracing::warn!(?action, "refused: too many requests of the console are running");
        return error_page(PageError::busy(), page);
    };
    let services = state.services.clone();
    request.extensions_mut().insert(PartLimits::new(state.limits.clone(), page.operator.clone()));
    request.extensions_mut().insert(LabelSource(state.clone()));
    request.extensions_mut().insert(RequestContext { services, scope, page: page.clone(), host_search });
    render_error(next.run(request).await, page)
}

/// Returns the actions of the pages that the header links to, each once.
fn linked_actions() -> Vec<ConsoleAction> {
    let linked = ROUTES.iter().filter(|route| route.navigation.is_some()).map(|route| route.action);
    let mut actions: Vec<ConsoleAction> = Vec::new();
    for action in linked {
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    actions
}

/// Returns the address to return to after signing in: that of the request, or the overview if only a form or a script can send it.
fn return_address(parts: &Parts, page: &PageContext) -> String {
    let is_link = parts.method == Method::GET || parts.method == Method::HEAD;
    preferences::return_path(if is_link { &page.address } else { &page.base }, &page.base)
}

/// Returns the id under which the host knows the request: the one of its own layer, or else the one of the client's proxy.
fn request_id(parts: &Parts) -> Option<String> {
    let known = parts.extensions.get::<AuditContext>().and_then(|context| context.request_id());
    let sent = || parts.headers.get("x-request-id").and_then(|id| id.to_str().ok());
    known.or_else(sent).filter(|id| (1..=AuditContext::MAX_ID_BYTES).contains(&id.len())).map(str::to_owned)
}
