//! Builds axum's router from the table of routes.

use std::sync::Arc;

use axum::handler::Handler;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router};
use threadline_app::{ConsoleAction, Endpoint, ROUTES};

use crate::guard::{RouteGuard, guard};
use crate::respond::add_default_headers;
use crate::state::ConsoleState;
use crate::{assets, handlers};

pub(crate) fn router<S: Clone + Send + Sync + 'static>(state: &Arc<ConsoleState>) -> Router<S> {
    let guarded =
        |action, route| from_fn_with_state(RouteGuard { state: state.clone(), action, route }, guard);
    let mut router = Router::new().route("/assets/{name}", get(assets::serve));
    for route in ROUTES {
        // `layer` and not `route_layer`: methods that the route does not have are guarded as well.
        router = router.route(route.path, endpoint(route.endpoint).layer(guarded(route.action, Some(route))));
    }
    let unknown = handlers::unknown_address.layer(guarded(ConsoleAction::EnterConsole, None));
    router.fallback_service(unknown.with_state(())).layer(from_fn(add_default_headers))
}

fn endpoint<S: Clone + Send + Sync + 'static>(endpoint: Endpoint) -> MethodRouter<S> {
    match endpoint {
        Endpoint::Page(page, None) => get(handlers::page).layer(Extension(page)),
        Endpoint::Page(page, Some(form)) => {
            get(handlers::page).post(handlers::form).layer((Extension(page), Extension(form)))
        }
        Endpoint::Download(format) => get(handlers::download).layer(Extension(format)),
        Endpoint::Value => get(handlers::value),
        Endpoint::NewerChanges => get(handlers::newer_changes),
        Endpoint::CoverageStatus => get(handlers::coverage_status),
        Endpoint::Suggestions => get(handlers::suggestions),
        Endpoint::Preferences => post(handlers::preferences),
    }
}
