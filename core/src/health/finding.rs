//! One thing that is not as it should be, and the command that mends it.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

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
    /// What it is, and the command, in one sentence.
    pub message: String,
    /// Mends it.
    pub command: Command,
    /// The same for programs: an object.
    pub details: Value,
}

impl Finding {
    pub(super) fn new(
        kind: &'static FindingKind,
        table: &TableName,
        what: &str,
        command: Command,
        details: Value,
    ) -> Self {
        let message = format!("{what}; run {}", command.text());
        Self { kind, table: table.clone(), message, command, details }
    }

    /// How much it matters.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.kind.severity
    }

    /// What it is, without the command.
    #[must_use]
    pub fn statement(&self) -> &str {
        let statement = self.message.strip_suffix(self.command.text());
        statement.and_then(|text| text.strip_suffix("; run ")).unwrap_or(&self.message)
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
            command: &'a Command,
            details: &'a Value,
        }
        Object {
            code: self.kind.code,
            severity: self.severity(),
            schema: self.table.schema(),
            table: self.table.name(),
            message: &self.message,
            command: &self.command,
            details: &self.details,
        }
        .serialize(serializer)
    }
}
