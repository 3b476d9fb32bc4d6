//! From the table of routes to axum's router.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get};
use threadline_app::{ConsoleAction, ROUTES, RoutePage};

use crate::builder::Shared;
use crate::guard::guard;
use crate::{assets, handlers};

pub(crate) fn router<S: Clone + Send + Sync + 'static>(shared: &Arc<Shared>) -> Router<S> {
    let guarded = |action| from_fn_with_state((shared.clone(), action), guard);
    let mut router = Router::new().route("/assets/{name}", get(assets::serve));
    for route in ROUTES {
        // `layer`, not `route_layer`: a method that the route does not know is refused as well.
        router = router.route(route.path, page(route.page).layer(guarded(route.action)));
    }
    router.fallback_service(
        handlers::unknown_address.layer(guarded(ConsoleAction::EnterConsole)).with_state(()),
    )
}

fn page<S: Clone + Send + Sync + 'static>(page: RoutePage) -> MethodRouter<S> {
    match page {
        RoutePage::Entrance => get(handlers::entrance),
        RoutePage::Timeline => get(handlers::timeline),
        RoutePage::Transaction => get(handlers::transaction),
        // A page that the table names and nobody draws is an unknown address.
        _ => get(handlers::unknown_address),
    }
}
