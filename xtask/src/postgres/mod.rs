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
pub(crate) use programs::{NEWEST, Programs, forget_settings};
pub(crate) use url::with_database;

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

/// There are five clusters: the newest version is tested beside the distribution's, the browser suite stops its server in mid-work, which must not disturb anybody else, and a
/// measurement wants the settings of a real server and nobody beside it. What is made new for each run of the others must
/// not take along the millions of rows that are kept for reading.
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
