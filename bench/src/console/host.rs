//! The host that is measured: a router with a console that is open to everybody. It is a process of its own, so that its memory
//! and its CPU time contain nothing of the clients.

use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result};
use axum::Router;
use sqlx::postgres::PgPoolOptions;
use threadline::{ActorKind, ActorRef, AuditTrail};
use threadline_server::{Access, Console};
use tokio::net::TcpListener;

use crate::server::Server;

/// The connections to the database, of which sqlx opens as many by default.
const CONNECTIONS: u32 = 10;

/// Prints the port and serves until the process is killed.
pub(crate) async fn serve(server: &Server, database: &str) -> Result<()> {
    let options = server.options(database);
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
    let console = Console::builder(AuditTrail::new(pool).prepared_statements(true))
        .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
        .actor_fn(|_| async { ActorRef::new(ActorKind::Admin, "operator-7").ok() })
        .build();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, Router::<()>::new().nest("/audit", console.into_router())).await?;
    Ok(())
}

/// The running host, which is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Host {
    child: Child,
    pub(super) port: u16,
}

impl Host {
    pub(super) fn start(database: &str) -> Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        let mut child =
            command.args(["serve", database]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut port = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut port)?;
        }
        let port = port.trim().parse().context("the host has ended; its message is above")?;
        Ok(Self { child, port })
    }

    /// Returns the resident memory in bytes, or NaN where it is unknown.
    pub(super) fn resident_bytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
        kibibytes.map_or(f64::NAN, |kibibytes| kibibytes * 1024.0)
    }

    /// Returns the CPU time of all threads so far in milliseconds, to ten milliseconds, or NaN where it is unknown.
    pub(super) fn cpu_ms(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // The name of the program may contain spaces. The 14th and the 15th field are ticks of 10 ms.
        let fields: Vec<&str> = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ').collect();
        let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
        ticks(11).zip(ticks(12)).map_or(f64::NAN, |(user, system)| (user + system) * 10.0)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended before.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
