//! A problem that a check found, and the command that fixes it.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::advice::Advice;
use super::{FindingKind, Remedy, Severity};
use crate::TableName;

/// A problem that a check found. It names tables, columns, triggers and roles, never a value of a row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// The kind of the problem.
    pub kind: &'static FindingKind,
    /// The table of the host, or one of the trail's own tables if the finding is about the trail.
    pub table: TableName,
    /// The problem and the command that fixes it, or what has to be done first, in one sentence.
    pub message: String,
    /// The command that fixes it; `None` if something else has to be done first.
    pub remedy: Option<Remedy>,
    /// The roles that may run the command, if the checking role may not: `a superuser or a member of billing`.
    pub run_as: Option<String>,
    /// A JSON object with the names in the message, for programs. Its keys depend on the kind.
    pub details: Value,
    statement: String,
}

impl Finding {
    pub(super) fn new(
        kind: &'static FindingKind,
        table: &TableName,
        problem: &str,
        advice: Advice,
        details: Value,
    ) -> Self {
        let (message, statement, remedy, run_as) = match advice {
            Advice::Run(remedy) => {
                (format!("{problem}; run {remedy}"), problem.to_owned(), Some(remedy), None)
            }
            Advice::RunAs(remedy, role) => (
                format!("{problem}; {role} must run {remedy}"),
                format!("{problem}; {role} must run the command"),
                Some(remedy),
                Some(role),
            ),
            Advice::Blocked(obstacle) => {
                let message = format!("{problem}; {obstacle}");
                (message.clone(), message, None, None)
            }
        };
        Self { kind, table: table.clone(), message, remedy, run_as, details, statement }
    }

    /// Returns the severity of its kind.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.kind.severity
    }

    /// Returns the message without the command.
    #[must_use]
    pub fn statement(&self) -> &str {
        &self.statement
    }

    /// Returns the key that sorts every list of findings: by schema, table, code and message.
    pub(super) fn sort_key(&self) -> (&TableName, &str, &str) {
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
            command: Option<&'a Remedy>,
            run_as: Option<&'a str>,
            details: &'a Value,
        }
        Object {
            code: self.kind.code,
            severity: self.severity(),
            schema: self.table.schema(),
            table: self.table.name(),
            message: &self.message,
            command: self.remedy.as_ref(),
            run_as: self.run_as.as_deref(),
            details: &self.details,
        }
        .serialize(serializer)
    }
}
