//! `cargo xtask demo`: from a clean clone to a served help desk.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::postgres::{Cluster, Which};
use crate::{bundle, command, host, interrupt};

/// The demo's database in the private cluster.
const DATABASE: &str = "helpdesk";

/// `cargo xtask demo …`
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Serve on this port of 127.0.0.1.
    #[arg(long, default_value_t = 4000)]
    port: u16,
    /// Use this database instead of a private server.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Throw the private data away first.
    #[arg(long)]
    fresh: bool,
    /// No simulated work: only what you do yourself happens.
    #[arg(long)]
    quiet_traffic: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    // All that can be refused is refused before minutes of building.
    check_port(options.port)?;
    match options.database_url.as_deref().filter(|url| !url.is_empty()) {
        Some(_) if options.fresh => bail!(
            "--fresh throws the private data away, and this run would use the database of --database-url or DATABASE_URL, \
             which is never dropped: leave one of the two out (`env -u DATABASE_URL cargo xtask demo --fresh`)"
        ),
        Some(url) => {
            eprintln!("using the database of --database-url or DATABASE_URL, not a private server");
            build()?;
            serve(options, url)
        }
        None => privately(options),
    }
}

fn privately(options: &Options) -> Result<()> {
    let cluster = Cluster::find(Which::Main)?;
    if options.fresh && !cluster.answers() {
        cluster.remove()?;
    }
    build()?;
    let _server = cluster.start()?;
    if options.fresh {
        // A server that ran already may serve others too: only the demo's database goes.
        cluster.drop_database(DATABASE).context("cannot throw the private data away")?;
    }
    cluster.create_database(DATABASE)?;
    let url = cluster.url(DATABASE);
    println!("\nThe database: psql '{url}'\n");
    serve(options, &url)
}

fn build() -> Result<()> {
    bundle::build()?;
    host::build()
}

fn serve(options: &Options, url: &str) -> Result<()> {
    let mut child = command::spawn(&mut host::command(options.port, url, options.quiet_traffic)?)?;
    let status = command::wait(&mut child).context("cannot wait for the help desk")?;
    if !status.success() && !interrupt::asked() {
        bail!("the help desk ended ({status}); its own messages are above");
    }
    Ok(())
}

fn check_port(port: u16) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) => Err(error).with_context(|| {
            let other = port.checked_add(1).unwrap_or(4001);
            format!("cannot serve on 127.0.0.1:{port} (another demo?): choose a port, as in `cargo xtask demo --port {other}`")
        }),
    }
}
