//! The private PostgreSQL server: a throw-away cluster under `target/`, reached by a unix socket only.

mod cluster;
mod owner;
mod packaged;
mod place;
mod prepare;
mod programs;
mod running;
mod settings;
mod url;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

pub(crate) use cluster::Cluster;
pub(crate) use programs::NEWEST;

/// `cargo xtask postgres …`
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
    /// The browser suite's own server, which its tests stop and start.
    #[arg(long, global = true)]
    browser: bool,
    /// A server of this version, which is installed under target/, instead of the distribution's.
    #[arg(long, global = true, value_name = "VERSION", value_parser = ["18"])]
    version: Option<String>,
    /// The database that the printed URL names.
    #[arg(long, global = true, default_value = "postgres")]
    database: String,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start the server, and make it first where there is none.
    Start,
    /// Stop the server.
    Stop,
    /// Print the server's URL.
    Url,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let which = match (options.browser, &options.version) {
        (true, Some(_)) => bail!("--browser and --version are two servers: leave one of them out"),
        (true, None) => Which::Browser,
        (false, Some(_)) => Which::Newest,
        (false, None) => Which::Main,
    };
    let cluster = Cluster::find(which)?;
    match options.action {
        Action::Start => cluster.start()?.keep(),
        Action::Stop => cluster.stop()?,
        Action::Url => {}
    }
    if !matches!(options.action, Action::Stop) {
        println!("{}", cluster.url(&options.database));
    }
    Ok(())
}

/// The private clusters. The newest version of PostgreSQL is tested next to the distribution's. The browser suite stops its server
/// in mid-work, which must not disturb anybody else. A benchmark needs a server with the settings of a real one and without other
/// clients. Those that write get a new cluster for each run, and those that read keep millions of rows in another one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    Main,
    Newest,
    Browser,
    Bench,
    BenchQuery,
}

impl Which {
    fn folder(self) -> &'static str {
        match self {
            Self::Main => "postgres",
            Self::Newest => "postgres-18",
            Self::Browser => "postgres-browser",
            Self::Bench => "postgres-bench",
            Self::BenchQuery => "postgres-query",
        }
    }
}
