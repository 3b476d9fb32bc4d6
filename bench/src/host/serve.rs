//! The program of the host: a router with a console that is open to everybody, and a few pages of its own.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::Router;
use clap::Args;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use threadline::{ActorKind, ActorRef, AuditTrail, Scope, TableName};
use threadline_server::{Access, AccessRequest, Console};
use tokio::net::TcpListener;

use super::{CONNECTIONS, tickets};
use crate::server::Server;

/// The time that a request waits for a connection, as in the recommended set-up.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The database of the host.
    database: String,
    /// The port to serve on. Zero chooses a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The connections of a pool that only the console uses, if it has one.
    #[arg(long)]
    read_connections: Option<u32>,
    /// The database that this pool reads from, such as a standby, instead of the host's.
    #[arg(long, requires = "read_connections")]
    read_url: Option<String>,
    /// The requests of the console that run at the same time, if not the default.
    #[arg(long)]
    max_requests: Option<usize>,
}

/// Prints the port and serves until the process is killed.
pub(crate) async fn serve(server: &Server, options: &Options) -> anyhow::Result<()> {
    let own = server.options(&options.database);
    let pool = connect(own.clone(), CONNECTIONS).await?;
    let mut trail = AuditTrail::new(pool.clone()).prepared_statements(true);
    if let Some(connections) = options.read_connections {
        let reading = options.read_url.as_deref().map(str::parse::<PgConnectOptions>);
        let reading = connect(reading.transpose()?.unwrap_or(own), connections).await?;
        trail = trail.read_pool(reading).max_read_connections(usize::try_from(connections)?);
    }
    let mut console = Console::builder(trail.clone())
        .authorize_fn(|request| async move { Ok::<_, std::io::Error>(access(&request)) })
        .actor_fn(|parts| async move {
            let operator = parts.headers.get("x-operator").and_then(|name| name.to_str().ok());
            ActorRef::new(ActorKind::Admin, operator.unwrap_or("operator-7")).ok()
        });
    if let Some(requests) = options.max_requests {
        console = console.max_requests(requests);
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    println!("{}", listener.local_addr()?.port());
    let routes = Router::new().nest("/audit", console.build()?.into_router());
    axum::serve(listener, routes.merge(tickets::router(trail, pool))).await?;
    Ok(())
}

async fn connect(options: PgConnectOptions, connections: u32) -> Result<PgPool, sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT);
    pool.connect_with(options.application_name("host")).await
}

/// Allows everything, or the tables that a header names.
fn access(request: &AccessRequest) -> Access {
    let tables = request.parts.headers.get("x-scope").and_then(|tables| tables.to_str().ok());
    tables.map_or(Access::Allow, |tables| {
        let tables = tables.split(',').filter_map(|table| table.parse::<TableName>().ok());
        Access::AllowWithin(Scope::tables(tables))
    })
}
