#![doc = include_str!("../README.md")]

mod actor;
mod columns;
mod configuration;
mod connection;
mod count;
mod escape;
mod failure;
mod filters;
mod generated;
mod health;
mod incident;
mod json;
mod key;
mod lock_timeout;
mod migration;
mod moment;
mod output;
mod policy;
mod policy_show;
mod schemas;
mod session;
mod setup;
mod text;
mod timeline;
mod transaction;
mod verify_coverage;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::configuration::ConfigFile;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::filters::{Anything, OneCorrelation, OneRow};
use crate::output::Report;
use crate::session::Session;

/// The audit trail of a PostgreSQL database: set it up, and read who changed what, when and why.
#[derive(Debug, Parser)]
#[command(name = "threadline", version)]
struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    config: ConfigFile,
    /// One JSON document, with every digit of the rows' numbers.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the audit trail's own tables, or bring them up to date.
    Install(setup::Install),
    /// Generate what captures changes.
    #[command(subcommand)]
    Gen(Generate),
    /// Check which tables are captured.
    #[command(subcommand)]
    Health(Health),
    /// End with 1 unless every table is captured that threadline.toml insists on.
    VerifyCoverage,
    /// Compare what is redacted with what threadline.toml says.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Show changes, newest first.
    Timeline(timeline::Question<Anything>),
    /// Count changes.
    Count(count::Question),
    /// Show what happened to one row, newest first.
    History(timeline::Question<OneRow>),
    /// Show one row as it was at a moment.
    AsOf(moment::AsOfQuestion),
    /// Show how one row differs between two moments.
    Compare(moment::CompareQuestion),
    /// Show the transactions of an actor, newest first.
    Actor(actor::Question),
    /// Show all that happened under one correlation id, newest first.
    Correlation(timeline::Question<OneCorrelation>),
    /// Show one transaction with its changes, newest first.
    Transaction(transaction::Question),
    /// Show one transaction whole: who, why, and every change with its old values.
    Incident(incident::Question),
}

#[derive(Debug, Subcommand)]
enum Generate {
    /// Write a migration that captures these tables, all or none: the function and triggers of each.
    Triggers(setup::Tables),
}

#[derive(Debug, Subcommand)]
enum Health {
    /// Show which tables are captured, which need capture, and what is not as it should be.
    Coverage(health::Question),
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Show each table's redaction, as it is configured and as it is deployed.
    Show(policy_show::Question),
}

/// How much of a list is shown.
#[derive(Debug, Args)]
struct Presentation {
    /// Show at most this many, 1 to 1000.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let answer = answer(Arguments::parse()).await;
    match answer.and_then(|report| output::print(&report)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Failure::Verdict { report, .. } = &failure
                && let Err(unprinted) = output::print(report)
            {
                output::complain(&unprinted);
            }
            output::complain(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn answer(Arguments { connection, config, json, command }: Arguments) -> Result<Report, Failure> {
    let session = Session::new(connection, config.read()?, json);
    let report = run(&session, command).await;
    session.close().await;
    report
}

async fn run(session: &Session, command: Command) -> Result<Report, Failure> {
    match command {
        Command::Install(options) => setup::install(session, &options).await,
        Command::Gen(Generate::Triggers(tables)) => setup::capture(session, &tables).await,
        Command::Health(Health::Coverage(question)) => health::coverage(session, &question).await,
        Command::VerifyCoverage => verify_coverage::answer(session).await,
        Command::Policy(PolicyCommand::Show(question)) => policy_show::answer(session, &question).await,
        Command::Timeline(question) => timeline::answer(session, &question).await,
        Command::Count(question) => count::answer(session, &question).await,
        Command::History(question) => timeline::history(session, &question).await,
        Command::AsOf(question) => moment::as_of(session, &question).await,
        Command::Compare(question) => moment::compare(session, &question).await,
        Command::Actor(question) => actor::answer(session, &question).await,
        Command::Correlation(question) => timeline::answer(session, &question).await,
        Command::Incident(question) => incident::answer(session, &question).await,
        Command::Transaction(question) => transaction::answer(session, &question).await,
    }
}
