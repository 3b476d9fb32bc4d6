//! Mounts the audit console: who may open it, and under which name.

use std::time::Duration;

use axum::Router;
use axum::http::request::Parts;
use sqlx::PgPool;
use threadline::{AuditTrail, Config, Scope};
use threadline_server::{Access, AccessRequest, Console, redirect_trailing_slash};

use crate::session::{self, Role};

/// Returns the audit trail of this database. Its settings are in one place.
pub(crate) fn trail(pool: &PgPool) -> AuditTrail {
    AuditTrail::new(pool.clone()).prepared_statements(true)
}

/// Mounts the console at `/audit`. The session layer wraps these routes, so that both hooks can read the session.
pub(crate) fn routes(trail: AuditTrail, config: Config) -> Router {
    let console = Console::builder(trail)
        .name("Help desk")
        .config(config)
        .coverage_poll(Duration::from_secs(10))
        .authorize_fn(|request: AccessRequest| async move { authorize(&request.parts).await })
        .actor_fn(session::actor)
        .build();
    // Checks coverage even when no browser is open, so that each gap is recorded.
    tokio::spawn(console.watch_coverage());
    Router::new().nest("/audit", console.into_router()).route("/audit/", redirect_trailing_slash())
}

/// Decides who may open the console. An error denies access.
async fn authorize(parts: &Parts) -> Result<Access, session::Error> {
    let user = session::user(parts).await?;
    Ok(match user.map(|user| user.role) {
        Some(Role::Admin) => Access::Allow,
        Some(Role::Support) => Access::AllowWithin(Scope::tables(["tickets", "ticket_replies"])),
        Some(Role::Customer) | None => Access::Deny,
    })
}
