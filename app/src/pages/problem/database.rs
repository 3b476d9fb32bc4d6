//! The problem that stands for an error of the database: each cause has its own explanation, because each has its own remedy.

use http::StatusCode;
use threadline::query::QueryError;

use super::Problem;

/// The causes that PostgreSQL names, by their SQLSTATE.
const CAUSES: [(&[&str], Cause); 4] = [
    (
        &["42501"],
        Cause {
            title: "The console may not read the audit trail",
            explanation: "The database role of this application lacks a privilege on the audit trail.",
            advice: "Whoever runs this application finds the missing privilege in its log, and can make the role a member of \
                     threadline_console, which has all of them. This command creates it:",
            command: Some("threadline install --roles"),
        },
    ),
    (
        &["42P01", "3F000", "42883", "42703"],
        Cause {
            title: "A part of the audit trail is missing",
            explanation: "The database has no table, column or function of a name that the console reads.",
            advice: "Whoever runs this application can install what is missing.",
            command: Some("threadline install"),
        },
    ),
    (
        &["55P03"],
        Cause {
            title: "The audit trail is locked",
            explanation: "Another session of the database holds a lock, and the console did not wait for it any longer.",
            advice: "Maintenance usually ends within minutes. Nothing is lost: changes are recorded by the database itself.",
            command: None,
        },
    ),
    (
        &["57P01", "57P02", "57P03", "53300"],
        Cause {
            title: "The database is restarting or has no connection left",
            explanation: "The database refused or ended the connection of the console.",
            advice: "Nothing is lost: changes are recorded by the database itself, in the transactions that make them.",
            command: None,
        },
    ),
];

/// The wait for a connection of the pool ended without one.
const POOL_TIMEOUT: Cause = Cause {
    title: "No connection to the database is free",
    explanation: "All connections of this application to its database were in use.",
    advice: "Try again in a few seconds. If it happens often, whoever runs this application can give the console a pool of its own.",
    command: None,
};

/// The server closed the connection, or none could be made.
const NO_CONNECTION: Cause = Cause {
    title: "The audit trail does not answer",
    explanation: "The database could not be reached.",
    advice: "Nothing is lost: changes are recorded by the database itself, in the transactions that make them.",
    command: None,
};

/// Every other error.
const OTHER: Cause = Cause {
    title: "The audit trail could not be read",
    explanation: "The database answered the query of the console with an error.",
    advice: "Whoever runs this application finds the error in its log.",
    command: None,
};

/// The words for one cause.
#[derive(Debug, Clone, Copy)]
struct Cause {
    title: &'static str,
    explanation: &'static str,
    advice: &'static str,
    command: Option<&'static str>,
}

/// Describes an error of a query that says nothing about what was asked for.
pub(super) fn problem(error: &QueryError) -> Problem {
    cause_problem(cause(error))
}

/// Returns the explanation of such an error, as a sentence, and the command that fixes its cause.
#[must_use]
pub fn explain_database_error(error: &QueryError) -> (&'static str, Option<&'static str>) {
    let Cause { explanation, command, .. } = cause(error);
    (explanation, command)
}

fn cause(error: &QueryError) -> Cause {
    if error.is_pool_timeout() {
        return POOL_TIMEOUT;
    }
    // Without a code the error is not one of the database, but of the connection to it; class 08 is as well.
    let Some(code) = error.sqlstate().filter(|code| !code.starts_with("08")) else {
        return NO_CONNECTION;
    };
    let known = CAUSES.iter().find(|(codes, _)| codes.contains(&code.as_str()));
    known.map_or(OTHER, |(_, cause)| *cause)
}

fn cause_problem(Cause { title, explanation, advice, command }: Cause) -> Problem {
    Problem {
        explanation: explanation.to_owned(),
        advice: Some(advice),
        command,
        offer_retry: true,
        ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, title)
    }
}
