//! The mount of the audit console: who may look into it, and as whom.

use std::time::Duration;

use axum::Router;
use axum::http::request::Parts;
use sqlx::PgPool;
use threadline::{Config, Scope};
use threadline_server::{Access, AccessRequest, Console, redirect_trailing_slash};

use crate::session::{self, Role};

/// The console under `/audit`. The session layer goes around these routes, so that both hooks find the session.
pub(crate) fn routes(pool: PgPool, config: Config) -> Router {
    let console = Console::builder(pool)
        .name("Help desk")
        .config(config)
        .coverage_poll(Duration::from_secs(10))
        .prepared_statements(true)
        .authorize_fn(|request: AccessRequest| async move { authorize(&request.parts).await })
        .actor_fn(session::actor)
        .build();
    // Checks coverage also while nobody looks, so that a gap leaves a trace.
    tokio::spawn(console.watch_coverage());

    Router::new().nest("/audit", console.into_router()).route("/audit/", redirect_trailing_slash())
}

/// Only a clear yes opens the console: an error denies as well.
async fn authorize(parts: &Parts) -> Result<Access, session::Error> {
    let user = session::user(parts).await?;
    Ok(match user.map(|user| user.role) {
        Some(Role::Admin) => Access::Allow,
        Some(Role::Support) => Access::AllowWithin(Scope::tables(["tickets", "ticket_replies"])),
        Some(Role::Customer) | None => Access::Deny,
    })
}
