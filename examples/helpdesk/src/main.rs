#![doc = include_str!("../README.md")]

mod agents;
mod audit;
mod context;
mod error;
mod handlers;
mod jobs;
mod login;
mod names;
mod pages;
mod seed;
mod session;
#[cfg(test)]
mod tests;
mod tickets;
mod web;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use futures_util::FutureExt;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use threadline::{Config, ConfigError};
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Pages are made of many small strings: with this allocator the console needs a quarter less of the processor.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A small help desk with an audit trail.
#[derive(Debug, Parser)]
struct Args {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:4000")]
    listen: SocketAddr,

    /// The PostgreSQL database to work in
    #[arg(long, env, hide_env_values = true)]
    database_url: String,

    /// Leave the simulated agents out
    #[arg(long)]
    quiet_traffic: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    // The queue tells the arguments of every job at the level of information.
    let usual = || EnvFilter::new("info,sqlx=warn,graphile_worker=warn");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| usual());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The help desk stops: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(Args { listen, database_url, quiet_traffic }: Args) -> Result<(), Box<dyn Error>> {
    // A page that waits longer than this for a connection says so, instead of hanging with the database.
    let pool = PgPoolOptions::new().max_connections(10).acquire_timeout(Duration::from_secs(3));
    let pool = pool.connect(&database_url).await.map_err(|error| {
        format!(
            "no connection to the database ({error}). Is PostgreSQL running, and is --database-url right?"
        )
    })?;
    let config = config()?;
    prepare(&pool, &config).await?;
    seed::when_empty(&pool).await?;

    let listener = TcpListener::bind(listen).await;
    let listener = listener.map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    announce(listener.local_addr()?);
    if !quiet_traffic {
        tokio::spawn(agents::work(pool.clone()));
    }

    let stop = stopped().shared();
    let worker = tokio::spawn(jobs::work(pool.clone(), stop.clone()));

    let app = web::router(pool, config)?.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, app).with_graceful_shutdown(stop.clone());
    tokio::select! {
        served = server => served?,
        // Browsers hold connections open without using them: those must not keep the program alive.
        () = async { stop.await; tokio::time::sleep(Duration::from_secs(3)).await } => {}
    }
    // The job at hand is finished; without the database that takes no longer either.
    drop(tokio::time::timeout(Duration::from_secs(3), worker).await);
    Ok(())
}

/// Ctrl-C, or the signal that a service manager sends.
async fn stopped() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! { _ = ctrl_c() => {}, _ = terminate.recv() => {} },
        Err(_) => drop(ctrl_c().await),
    }
}

/// The capture policies, compiled into the program.
fn config() -> Result<Config, ConfigError> {
    Config::from_toml(include_str!("../threadline.toml"))
}

/// Makes the application's tables, the queue and the audit schema, and captures the tables that the configuration names.
async fn prepare(pool: &PgPool, config: &Config) -> Result<(), Box<dyn Error>> {
    sqlx::migrate!().run(pool).await?;
    jobs::install(pool).await?;

    let trail = audit::trail(pool);
    trail.install().await?;
    // After the migrations, at every start: so what captures a table knows the columns that it has by now.
    trail.capture(config.policies().cloned()).await?;
    Ok(())
}

fn announce(address: SocketAddr) {
    println!("Help desk      http://{address}/");
    println!("Audit console  http://{address}/audit");
    for (name, _) in seed::ACCOUNTS {
        println!("Login          {name} / {}", seed::password(name));
    }
}
