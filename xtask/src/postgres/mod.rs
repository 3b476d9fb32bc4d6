//! The private PostgreSQL servers. Their clusters are in `target/`, can be deleted at any time, and accept connections
//! through a unix socket only.

mod cluster;
mod location;
mod owner;
mod packaged;
mod prepare;
mod programs;
mod running;
mod settings;
mod url;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

pub(crate) use cluster::Cluster;
pub(crate) use programs::NEWEST_VERSION;

/// `cargo xtask postgres …`
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
    /// Control the server of the browser suite, which its tests stop and start.
    #[arg(long, global = true)]
    browser: bool,
    /// Control a server of this version, which is installed under target/, instead of the distribution's.
    #[arg(long, global = true, value_name = "VERSION", value_parser = ["18"])]
    version: Option<String>,
    /// Print the URL of this database.
    #[arg(long, global = true, default_value = "postgres")]
    database: String,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start the server, and create its cluster first if it does not exist.
    Start,
    /// Stop the server.
    Stop,
    /// Print the server's URL.
    Url,
}

/// Starts or stops a private server, and prints its URL unless it was stopped.
pub(crate) fn run(options: &Options) -> Result<()> {
    let kind = match (options.browser, &options.version) {
        (true, Some(_)) => {
            bail!("--browser and --version select two different servers: use only one of them")
        }
        (true, None) => ClusterKind::Browser,
        (false, Some(_)) => ClusterKind::Newest,
        (false, None) => ClusterKind::Main,
    };
    let cluster = Cluster::find(kind)?;
    match options.action {
        Action::Start => cluster.start()?.keep_running(),
        Action::Stop => cluster.stop()?,
        Action::Url => {}
    }
    if !matches!(options.action, Action::Stop) {
        println!("{}", cluster.url(&options.database));
    }
    Ok(())
}

/// The kind of a private cluster.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ClusterKind {
    /// The cluster of the demo and the Rust tests, on the distribution's PostgreSQL.
    Main,
    /// The cluster of the Rust tests on the newest PostgreSQL.
    Newest,
    /// The cluster of the browser suite. Its tests stop the server while it is in use, which must not disturb other
    /// clients.
    Browser,
    /// The cluster of benchmarks that write. It is created for each run, has settings like those of a production server, and
    /// has no other clients.
    Bench,
    /// The cluster of benchmarks that read. It keeps millions of rows between runs, and has no other clients.
    BenchQuery,
}

impl ClusterKind {
    fn folder_name(self) -> &'static str {
        match self {
            Self::Main => "postgres",
            Self::Newest => "postgres-18",
            Self::Browser => "postgres-browser",
            Self::Bench => "postgres-bench",
            Self::BenchQuery => "postgres-query",
        }
    }
}
