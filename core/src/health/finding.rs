//! One thing that is not as it should be, and the command that mends it.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::remedy::Remedy;
use super::{FindingKind, Severity};
use crate::TableName;

/// The exact command that mends a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "language", content = "text", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Command {
    /// For a shell, in the directory of `threadline.toml`.
    Shell(String),
    /// For the database, as the owner of what it names or a superuser.
    Sql(String),
}

impl Command {
    /// The command itself.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Shell(text) | Self::Sql(text) => text,
        }
    }
}

/// Something that is not as it should be. Names tables, columns, triggers and roles, never a value of a row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of thing.
    pub kind: &'static FindingKind,
    /// The host's table; one of the trail's own, where the finding is about the trail.
    pub table: TableName,
    /// What it is, and the command or what has to be done first, in one sentence.
    pub message: String,
    /// Mends it; `None` where no command would work as things stand.
    pub command: Option<Command>,
    /// Who has to run the command, where the role that checked may not: `a superuser or a member of billing`.
    pub run_as: Option<String>,
    /// The same for programs: an object.
    pub details: Value,
    statement: String,
}

impl Finding {
    pub(super) fn new(
        kind: &'static FindingKind,
        table: &TableName,
        what: &str,
        remedy: Remedy,
        details: Value,
    ) -> Self {
        let (message, statement, command, run_as) = match remedy {
            Remedy::Run(command) => {
                (format!("{what}; run {}", command.text()), what.to_owned(), Some(command), None)
            }
            Remedy::RunAs(command, who) => (
                format!("{what}; {who} has to run {}", command.text()),
                format!("{what}; {who} has to run the command"),
                Some(command),
                Some(who),
            ),
            Remedy::First(first) => {
                let message = format!("{what}; {first}");
                (message.clone(), message, None, None)
            }
        };
        Self { kind, table: table.clone(), message, command, run_as, details, statement }
    }

    /// How much it matters.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.kind.severity
    }

    /// What it is, without the command.
    #[must_use]
    pub fn statement(&self) -> &str {
        &self.statement
    }

    /// The order of every list: by schema, table, code and message.
    pub(super) fn place(&self) -> (&TableName, &str, &str) {
        (&self.table, self.kind.code, &self.message)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.severity(), self.kind.code, self.message)
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Object<'a> {
            code: &'a str,
            severity: Severity,
            schema: &'a str,
            table: &'a str,
            message: &'a str,
            command: Option<&'a Command>,
            run_as: Option<&'a str>,
            details: &'a Value,
        }
        Object {
            code: self.kind.code,
            severity: self.severity(),
            schema: self.table.schema(),
            table: self.table.name(),
            message: &self.message,
            command: self.command.as_ref(),
            run_as: self.run_as.as_deref(),
            details: &self.details,
        }
        .serialize(serializer)
    }
}
