//! Logging in and out.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use password_auth::{generate_hash, verify_password};
use serde::Deserialize;
use sqlx::PgPool;
use threadline::AuditContext;
use tower_sessions::Session;

use crate::error::Result;
use crate::pages;
use crate::session::{self, Role, User};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Credentials {
    name: String,
    password: String,
    #[serde(flatten)]
    return_to: ReturnTo,
}

/// The page to return to after logging in. Anybody can write a link with one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReturnTo {
    next: String,
}

impl ReturnTo {
    /// Returns the page, if it is one of this host. Browsers read a backslash as a slash, and skip control characters.
    fn path(&self) -> &str {
        let leads_away =
            self.next.starts_with("//") || self.next.contains(|c: char| c == '\\' || c.is_control());
        if self.next.starts_with('/') && !leads_away { &self.next } else { "/" }
    }
}

pub(crate) async fn show(Query(return_to): Query<ReturnTo>) -> Markup {
    pages::login("", None, return_to.path())
}

pub(crate) async fn log_in(
    State(pool): State<PgPool>,
    session: Session,
    context: AuditContext,
    Form(Credentials { name, password, return_to }): Form<Credentials>,
) -> Result<Response> {
    match check(&pool, name.trim(), password).await? {
        Some(user) => {
            session::log_in(&session, &user).await?;
            Ok(Redirect::to(return_to.path()).into_response())
        }
        None => {
            tracing::info!(client = ?context.client_addr(), "a login was refused");
            let problem = "Name and password do not match.";
            let page = pages::login(name.trim(), Some(problem), return_to.path());
            Ok((StatusCode::UNAUTHORIZED, page).into_response())
        }
    }
}

pub(crate) async fn log_out(session: Session) -> Result<Redirect> {
    session.flush().await?;
    Ok(Redirect::to("/login"))
}

async fn check(pool: &PgPool, name: &str, password: String) -> Result<Option<User>> {
    // PostgreSQL takes no null character in a text, and no account has one.
    let name = name.replace('\0', "");
    let select = "SELECT role, password_hash FROM accounts WHERE name = $1";
    let account: Option<(Role, String)> = sqlx::query_as(select).bind(&name).fetch_optional(pool).await?;
    let (role, hash) = account.unzip();

    // Hashing takes the processor for a while: off the threads that serve requests. An unknown name costs as much as a
    // known one, so that the time of the answer does not tell which names exist.
    let matches = tokio::task::spawn_blocking(move || match hash {
        Some(hash) => verify_password(password, &hash).is_ok(),
        None => generate_hash(password).is_empty(),
    });
    let matches = matches.await.unwrap_or(false);
    Ok(role.filter(|_| matches).map(|role| User { name, role }))
}
