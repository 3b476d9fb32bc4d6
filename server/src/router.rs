//! From the table of routes to axum's router.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use threadline_app::{ConsoleAction, ROUTES, RoutePage};

use crate::guard::{Gate, guard};
use crate::state::ConsoleState;
use crate::{assets, handlers};

pub(crate) fn router<S: Clone + Send + Sync + 'static>(state: &Arc<ConsoleState>) -> Router<S> {
    let guarded = |action, page| from_fn_with_state(Gate { state: state.clone(), action, page }, guard);
    let mut router = Router::new().route("/assets/{name}", get(assets::serve));
    for route in ROUTES {
        // `layer`, not `route_layer`: a method that the route does not know is refused as well.
        router = router.route(route.path, page(route.page).layer(guarded(route.action, Some(route.page))));
    }
    router.fallback_service(
        handlers::unknown_address.layer(guarded(ConsoleAction::EnterConsole, None)).with_state(()),
    )
}

fn page<S: Clone + Send + Sync + 'static>(page: RoutePage) -> MethodRouter<S> {
    match page {
        RoutePage::Home => get(handlers::home),
        RoutePage::Timeline => get(handlers::timeline),
        RoutePage::NewerChanges => get(handlers::newer_changes),
        RoutePage::Transaction => get(handlers::transaction),
        RoutePage::FindRow => get(handlers::find_row),
        RoutePage::Row => get(handlers::row),
        RoutePage::Actor => get(handlers::actor),
        RoutePage::ChangesCsv => get(handlers::csv),
        RoutePage::ChangesJson => get(handlers::json),
        RoutePage::ChangesNdjson => get(handlers::ndjson),
        RoutePage::Coverage => get(handlers::coverage).post(handlers::check_now),
        RoutePage::CoverageNow => get(handlers::coverage_now),
        RoutePage::Redaction => get(handlers::redaction),
        RoutePage::Theme => post(handlers::theme),
        // A page that the table names and nobody draws is an unknown address.
        _ => get(handlers::unknown_address),
    }
}
