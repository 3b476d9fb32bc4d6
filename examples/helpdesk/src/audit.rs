//! The mount of the audit console: who may look into it, and as whom.

use std::time::Duration;

use axum::Router;
use axum::http::request::Parts;
use sqlx::PgPool;
use threadline::{AuditTrail, Config, Scope};
use threadline_server::{Access, AccessRequest, Console, redirect_trailing_slash};

use crate::session::{self, Role};

/// Returns the audit trail of this database: the one place that says where it is kept and how it is read.
pub(crate) fn trail(pool: &PgPool) -> AuditTrail {
    AuditTrail::new(pool.clone()).prepared_statements(true)
}

/// The console under `/audit`. The session layer goes around these routes, so that both hooks find the session.
pub(crate) fn routes(trail: AuditTrail, config: Config) -> Router {
    let console = Console::builder(trail)
        .name("Help desk")
        .config(config)
        .coverage_poll(Duration::from_secs(10))
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
