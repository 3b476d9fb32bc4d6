//! What the console takes from its host: words, labels and links.

mod labels;
mod labels_hook;
mod links;
mod refusal;
mod search_hook;
mod warnings;
mod words;

use std::convert::Infallible;

use axum::Router;
use sqlx::PgPool;
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Config};
use threadline_server::{Access, ActorHook, AuthorizeHook, ConsoleBuilder};
use threadline_testkit::database::{run, trail};
use threadline_testkit::html::{part, visible_text};

use crate::support::{Result, get, without_timeouts};

const WORDS: &str = r##"
    [console.tables.tickets]
    name = ["ticket", "tickets"]
    prefix = "#"
    link = "/tickets/{id}"
    [console.actions]
    "ticket.priority_changed" = "changed the priority of"
    "##;

type Builder = ConsoleBuilder<AuthorizeHook, ActorHook>;

/// Installs a trail with captured tables of a help desk.
async fn installed(pool: &PgPool, config: &Config) -> Result<AuditTrail> {
    let trail = trail(pool);
    trail.install().await?;
    run(
        pool,
        "CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, title text, priority text);
         CREATE TABLE accounts (id bigint PRIMARY KEY, email text)",
    )
    .await?;
    trail.capture([config.policy("tickets"), config.policy("accounts")]).await?;
    Ok(trail)
}

/// Writes as a user, under an action.
async fn write(trail: &AuditTrail, user: &str, action: &'static str, sql: &str) -> Result<String> {
    let context = AuditContext::new(ActorRef::new(ActorKind::User, user)?);
    let mut tx = trail.write(&context).action(action).begin().await?;
    run(&mut *tx, sql).await?;
    Ok(tx.commit().await?.transaction_id.to_string())
}

/// Returns the builder of a console with this configuration, whose hook always grants this access to `admin:operator-7`.
fn builder(trail: AuditTrail, config: Config, access: Access) -> Builder {
    without_timeouts(trail)
        .config(config)
        .authorize_fn(move |_| {
            let access = access.clone();
            async move { Ok::<_, Infallible>(access) }
        })
        .actor_fn(|_| async { ActorRef::new(ActorKind::Admin, "operator-7").ok() })
}

/// Mounts a console at `/audit`.
fn mounted(console: Builder) -> Result<Router> {
    Ok(Router::new().nest("/audit", console.build()?.into_router()))
}

/// Returns the page at this address below the mount.
async fn page(app: &Router, address: &str) -> Result<String> {
    Ok(get(app, &format!("/audit{address}")).await?.1)
}

/// Returns the text of the heading of a page.
fn heading(html: &str) -> String {
    visible_text(part(html, "<h1>", "</h1>"))
}
