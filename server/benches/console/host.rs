//! The host that is measured: a router with a console that is open to everybody, in a process of its own.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};

use axum::Router;
use sqlx::postgres::PgPoolOptions;
use threadline::{ActorKind, ActorRef, AuditTrail};
use threadline_server::{Access, Console};
use tokio::net::TcpListener;

use crate::Result;

/// The host's connections to the database; what sqlx takes unless told otherwise.
const CONNECTIONS: u32 = 10;

/// Serves until it is killed; says the port first.
pub(crate) async fn serve(url: &str) -> Result {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(url).await?;
    let console = Console::builder(AuditTrail::new(pool).prepared_statements(true))
        .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
        .actor_fn(|_| async { ActorRef::new(ActorKind::Admin, "operator-7").ok() })
        .build();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, Router::<()>::new().nest("/audit", console.into_router())).await?;
    Ok(())
}

/// The running host; killed when dropped.
#[derive(Debug)]
pub(crate) struct Host {
    child: Child,
    pub(crate) port: u16,
}

impl Host {
    pub(crate) fn start() -> Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        let mut child = command.arg("serve").stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut port = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut port)?;
        }
        // It said nothing because it ended: its own message stands above.
        let port = port.trim().parse().map_err(|_| "the host does not serve")?;
        Ok(Self { child, port })
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
