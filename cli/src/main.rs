#![doc = include_str!("../README.md")]

mod args;
mod columns;
mod commands;
mod error;
mod escape;
mod json;
mod migration;
mod output;
mod session;
mod text;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::args::{ConfigArgs, ConnectionArgs, NoRequiredKeys, RequiredCorrelation, RequiredRow};
use crate::commands::timeline::TimelineArgs;
use crate::commands::{
    actor, actors, as_of, compare, count, gen_triggers, gen_value_index, health_coverage, history, incident,
    install, policy_show, search, timeline, transaction, verify_coverage,
};
use crate::error::Error;
use crate::output::Report;
use crate::session::Session;

/// Sets up the audit trail of a PostgreSQL database, and shows who changed what, when and why.
#[derive(Debug, Parser)]
#[command(name = "threadline", version)]
struct Cli {
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(flatten)]
    config: ConfigArgs,
    /// Print one JSON document. Numbers keep every digit.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create the tables of the audit trail, or bring them up to date.
    Install(install::InstallArgs),
    /// Generate capture functions and triggers, and indexes.
    #[command(subcommand)]
    Gen(GenCommand),
    /// Check which tables are captured.
    #[command(subcommand)]
    Health(HealthCommand),
    /// Exit with status 1 unless every table listed in threadline.toml is captured.
    VerifyCoverage,
    /// Compare the deployed redaction with threadline.toml.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Find what a text names: a record, an actor, an id, or a text in a value.
    Search(search::SearchArgs),
    /// Show changes, newest first.
    Timeline(TimelineArgs<NoRequiredKeys>),
    /// Count changes.
    Count(count::CountArgs),
    /// Show the changes of one record, newest first.
    History(TimelineArgs<RequiredRow>),
    /// Show one record as of a time.
    AsOf(as_of::AsOfArgs),
    /// Show how one record differs between two times.
    Compare(compare::CompareArgs),
    /// Show the transactions of an actor, newest first.
    Actor(actor::ActorArgs),
    /// Show who was active in a time range, those with the most changes first.
    Actors(actors::ActorsArgs),
    /// Show the changes with one correlation id, newest first.
    Correlation(TimelineArgs<RequiredCorrelation>),
    /// Show one transaction with its changes, newest first.
    Transaction(transaction::TransactionArgs),
    /// Show one transaction with its reason, its changes and all their old values.
    Incident(incident::IncidentArgs),
}

#[derive(Debug, Subcommand)]
enum GenCommand {
    /// Write a migration that captures these tables, all or none: a function and triggers for each.
    Triggers(gen_triggers::GenTriggersArgs),
    /// Print the statements that index the values of one column, new and old, for searches with --table, --field and a whole --value
    /// =TEXT. A search for a part of a value, or in any field, does not use the index. It has an entry for each change that gives the
    /// column a value or takes one away: such a write took about 100 µs more where it was measured, many rows half as long again, and
    /// writes to other captured tables up to 60 µs more.
    ValueIndex(gen_value_index::GenValueIndexArgs),
}

#[derive(Debug, Subcommand)]
enum HealthCommand {
    /// Show which tables are captured, which need capture, and all findings.
    Coverage(health_coverage::CoverageArgs),
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Show the configured and the deployed redaction of each table.
    Show(policy_show::PolicyShowArgs),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = run(Cli::parse()).await;
    match result.and_then(|report| output::print(&report).map_err(Error::Output)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Error::CheckFailed { report, .. } = &error
                && let Err(unprinted) = output::print(report)
            {
                output::print_error(&Error::Output(unprinted));
            }
            output::print_error(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(Cli { connection, config, json, command }: Cli) -> Result<Report, Error> {
    let session = Session::new(connection, config.read()?, json);
    let result = dispatch(&session, command).await;
    session.close().await;
    result.map_err(|error| error.storage_schema(session.storage_schema()))
}

async fn dispatch(session: &Session, command: Command) -> Result<Report, Error> {
    match command {
        Command::Install(args) => install::run(session, &args).await,
        Command::Gen(GenCommand::Triggers(args)) => gen_triggers::run(session, &args).await,
        Command::Gen(GenCommand::ValueIndex(args)) => gen_value_index::run(session, &args).await,
        Command::Health(HealthCommand::Coverage(args)) => health_coverage::run(session, &args).await,
        Command::VerifyCoverage => verify_coverage::run(session).await,
        Command::Policy(PolicyCommand::Show(args)) => policy_show::run(session, &args).await,
        Command::Search(args) => search::run(session, &args).await,
        Command::Timeline(args) => timeline::run(session, &args, "timeline").await,
        Command::Count(args) => count::run(session, &args).await,
        Command::History(args) => history::run(session, &args).await,
        Command::AsOf(args) => as_of::run(session, &args).await,
        Command::Compare(args) => compare::run(session, &args).await,
        Command::Actor(args) => actor::run(session, &args).await,
        Command::Actors(args) => actors::run(session, &args).await,
        Command::Correlation(args) => timeline::run(session, &args, "correlation").await,
        Command::Transaction(args) => transaction::run(session, &args).await,
        Command::Incident(args) => incident::run(session, &args).await,
    }
}
