//! Consoles in a host's router, and helpers that read their pages.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use sqlx::PgPool;
use threadline::{ActorKind, ActorRef, AuditTrail};
use threadline_server::{Access, ActorHook, AuthorizeHook, Console, ConsoleBuilder, Missing};
use threadline_testkit::database::trail;
use threadline_testkit::html::part;
use tower::ServiceExt;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Returns the builder of a console whose responses do not depend on the speed of the machine: it waits for the database as
/// long as it takes, runs any number of requests at the same time, and starts no second coverage check by itself.
pub(crate) fn without_timeouts(trail: AuditTrail) -> ConsoleBuilder<Missing, Missing> {
    let (wait, period) = (Duration::from_secs(120), Duration::from_secs(3_600));
    Console::builder(trail).query_timeout(wait).coverage_poll(period).max_requests(10_000)
}

/// Returns a console whose hook always grants this access.
pub(crate) fn console(pool: &PgPool, access: Access) -> Console {
    console_of(trail(pool), access)
}

/// Returns a console of this trail whose hook always grants this access.
pub(crate) fn console_of(trail: AuditTrail, access: Access) -> Console {
    let console = without_timeouts(trail).authorize_fn(move |_| {
        let access = access.clone();
        async move { Ok::<_, std::io::Error>(access) }
    });
    finished(console.actor_fn(|_| async { ActorRef::new(ActorKind::Admin, "operator-7").ok() }))
}

/// Returns the finished console of a builder whose settings are valid.
#[expect(clippy::unwrap_used, reason = "the message names the setting that is not valid")]
pub(crate) fn finished(console: ConsoleBuilder<AuthorizeHook, ActorHook>) -> Console {
    console.build().unwrap()
}

/// Returns a router with the console at `/audit`.
pub(crate) fn mounted(pool: &PgPool, access: Access) -> Router {
    Router::new().nest("/audit", console(pool, access).into_router())
}

/// Returns the same router with the statement timeout of a host, for tests of what is said when the database does not answer.
pub(crate) fn with_statement_timeout(pool: &PgPool) -> Router {
    let console = console_of(AuditTrail::new(pool.clone()), Access::Allow);
    Router::new().nest("/audit", console.into_router())
}

/// Returns the router once its first coverage check has completed, for which a page waits only briefly.
pub(crate) async fn checked(app: Router) -> Result<Router> {
    let (status, body) = get(&app, "/audit/api/coverage").await?;
    if status == StatusCode::OK { Ok(app) } else { Err(format!("{status}: {body}").into()) }
}

pub(crate) async fn call(app: &Router, address: &str) -> Result<Response<Body>> {
    Ok(app.clone().oneshot(Request::builder().uri(address).body(Body::empty())?).await?)
}

pub(crate) async fn get(app: &Router, address: &str) -> Result<(StatusCode, String)> {
    let response = call(app, address).await?;
    let status = response.status();
    Ok((status, String::from_utf8(response.into_body().collect().await?.to_bytes().to_vec())?))
}

/// Returns a page without what differs between any two responses: the nonce and the time.
pub(crate) fn comparable(body: &str) -> String {
    let [nonce, now] = ["nonce=\"", "data-now=\""].map(|name| part(body, name, "\""));
    body.replace(nonce, "NONCE").replace(now, "NOW")
}
