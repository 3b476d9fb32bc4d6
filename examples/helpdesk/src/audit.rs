//! Mounts the audit console: who may open it, under which name, and the links between it and the help desk.

use std::time::Duration;

use axum::Router;
use axum::http::request::Parts;
use sqlx::PgPool;
use threadline::{AuditTrail, Config, InvalidParameter, Scope};
use threadline_server::{Access, AccessRequest, Console, redirect_trailing_slash};

use crate::names;
use crate::session::{self, Role};

/// Returns the audit trail of this database. Its settings are in one place.
pub(crate) fn trail(pool: &PgPool) -> AuditTrail {
    AuditTrail::new(pool.clone()).prepared_statements(true)
}

/// Mounts the console at `/audit`. The session layer wraps these routes, so that the hooks can read the session.
pub(crate) fn routes(trail: AuditTrail, config: Config) -> Result<Router, InvalidParameter> {
    let console = Console::builder(trail)
        .home_link("Help desk", "/")
        .sign_in_link("/login?next={return_to}")
        .refusal_note("The audit console is for staff. Ask an administrator for an account.")
        .config(config)
        .labels_fn(names::labels)
        .search_fn(names::search)
        .coverage_poll(Duration::from_secs(10))
        .authorize_fn(|request: AccessRequest| async move { authorize(&request.parts).await })
        .actor_fn(session::actor)
        .build()?;
    // Checks coverage even when no browser is open, so that each gap is recorded.
    tokio::spawn(console.watch_coverage());
    let console = Router::new().nest("/audit", console.into_router());
    Ok(console.route("/audit/", redirect_trailing_slash()))
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
