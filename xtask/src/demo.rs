//! `cargo xtask demo`: installs what is missing, builds the help desk, and serves it.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::postgres::{Cluster, ClusterKind};
use crate::{bundle, command, helpdesk, interrupt};

/// The name of the demo's database in the private cluster.
const DATABASE_NAME: &str = "helpdesk";

/// `cargo xtask demo …`
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Serve on this port of 127.0.0.1.
    #[arg(long, default_value_t = 4000)]
    port: u16,
    /// Use this database instead of a private server.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Delete the data of the private server first.
    #[arg(long)]
    fresh: bool,
    /// Do not simulate the work of other users.
    #[arg(long)]
    quiet_traffic: bool,
}

/// Runs the demo until it is stopped.
pub(crate) fn run(options: &Options) -> Result<()> {
    // Invalid options are refused before the build, which takes minutes.
    check_port(options.port)?;
    match options.database_url.as_deref().filter(|url| !url.is_empty()) {
        Some(_) if options.fresh => bail!(
            "--fresh deletes the data of the private server, but --database-url or DATABASE_URL selects another database, \
             which is not deleted: use only one of the two (`env -u DATABASE_URL cargo xtask demo --fresh`)"
        ),
        Some(url) => {
            eprintln!("using the database of --database-url or DATABASE_URL, not a private server");
            build()?;
            serve(options, url)
        }
        None => run_on_private_server(options),
    }
}

fn run_on_private_server(options: &Options) -> Result<()> {
    let cluster = Cluster::find(ClusterKind::Main)?;
    if options.fresh && !cluster.is_listening() {
        cluster.remove()?;
    }
    build()?;
    let _server = cluster.start()?;
    if options.fresh {
        // A server that was running already may have other clients, so only the demo's database is deleted.
        cluster.drop_database(DATABASE_NAME).context("cannot delete the private data")?;
    }
    cluster.create_database(DATABASE_NAME)?;
    let url = cluster.url(DATABASE_NAME);
    println!("\nThe database: psql '{url}'\n");
    serve(options, &url)
}

fn build() -> Result<()> {
    bundle::build()?;
    helpdesk::build()
}

fn serve(options: &Options, url: &str) -> Result<()> {
    let mut child = command::spawn(&mut helpdesk::command(options.port, url, options.quiet_traffic)?)?;
    let status = command::wait(&mut child).context("cannot wait for the help desk")?;
    if !status.success() && !interrupt::is_requested() {
        bail!("the help desk exited ({status}); its own messages are above");
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
