//! The session of the logged-in user.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use threadline::{ActorError, ActorKind, ActorRef};
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
pub(crate) use tower_sessions::session::Error;
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer};

const USER: &str = "user";

/// The logged in user, as the login put it into the session.
///
/// A real host looks the account up again from time to time, so that a withdrawn role ends running sessions.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) role: Role,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub(crate) enum Role {
    Admin,
    Support,
    Customer,
}

impl User {
    pub(crate) fn is_staff(&self) -> bool {
        self.role != Role::Customer
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// Returns the actor of this user for the audit trail.
    pub(crate) fn actor(&self) -> Result<ActorRef, ActorError> {
        let kind = if self.is_admin() { ActorKind::Admin } else { ActorKind::User };
        ActorRef::new(kind, &self.name)
    }
}

/// Sessions live in memory, so a restart logs everybody out: a real host uses a persistent store.
pub(crate) fn layer() -> SessionManagerLayer<MemoryStore> {
    SessionManagerLayer::new(MemoryStore::default())
        // The demo speaks plain HTTP; behind HTTPS leave this line out.
        .with_secure(false)
        // Forms of other sites arrive without the cookie, which is what protects ours against forged posts.
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(Duration::hours(8)))
}

/// The user of a request that came through the session layer.
pub(crate) async fn user(parts: &Parts) -> Result<Option<User>, Error> {
    match parts.extensions.get::<Session>() {
        Some(session) => session.get(USER).await,
        None => Ok(None),
    }
}

/// Returns the actor of a request, for the audit trail and its console. If the session cannot be read, it returns none.
pub(crate) async fn actor(parts: Parts) -> Option<ActorRef> {
    user(&parts).await.ok()??.actor().ok()
}

/// A new id at every login: whoever knew the old one must not be logged in by it.
pub(crate) async fn log_in(session: &Session, user: &User) -> Result<(), Error> {
    session.cycle_id().await?;
    session.insert(USER, user).await
}

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = crate::error::Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        user(parts).await?.ok_or(Self::Rejection::LoggedOut)
    }
}
