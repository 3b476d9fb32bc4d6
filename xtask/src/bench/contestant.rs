//! Who is compared: each in a database of its own, so that nobody's trail makes another's slower.

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::server::Server;
use super::threadline::Threadline;
use crate::progress::step;

/// Rows that are there before anything is measured.
pub(super) const BASE: u32 = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contestant {
    /// No trigger.
    None,
    /// One shared row-level function: jsonb diff, `ON CONFLICT` and a look-up per row.
    Classic,
    /// Ours, once per statement.
    Statement,
    /// Ours, once per row.
    Row,
}

impl Contestant {
    pub(super) const ALL: [Self; 4] = [Self::None, Self::Classic, Self::Statement, Self::Row];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Classic => "classic",
            Self::Statement => "statement",
            Self::Row => "row",
        }
    }

    pub(super) fn is_ours(self) -> bool {
        matches!(self, Self::Statement | Self::Row)
    }

    pub(super) fn database(self) -> String {
        format!("threadline_bench_{}", self.name())
    }

    /// The schema that holds its trail.
    pub(super) fn trail(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Classic => Some("classic"),
            Self::Statement | Self::Row => Some("threadline"),
        }
    }

    /// Makes its database, its table and its triggers.
    pub(super) fn prepare(self, server: &Server, threadline: &Threadline) -> Result<()> {
        step(&format!("preparing {}", self.name()), || {
            self.drop_database(server)?;
            let database = self.database();
            server.sql("postgres", &format!("CREATE DATABASE {database};"))?;
            server.sql(&database, include_str!("sql/table.sql"))?;
            match self {
                Self::None => Ok(()),
                Self::Classic => server.sql(&database, include_str!("classic.sql")).map(drop),
                Self::Statement | Self::Row => threadline.capture(&server.url(&database), self.name()),
            }
        })
        .with_context(|| format!("cannot prepare {}", self.name()))
    }

    pub(super) fn drop_database(self, server: &Server) -> Result<()> {
        server.drop_database(&self.database())
    }

    /// The same state before every measurement: the base rows without dead ones beside them, an empty trail, and no
    /// checkpoint due.
    pub(super) fn reset(self, server: &Server) -> Result<()> {
        let empty_trail = self.trail().map_or_else(String::new, |schema| {
            format!("TRUNCATE {schema}.audit_changes, {schema}.audit_transactions;")
        });
        self.restore(server, &empty_trail)
    }

    /// The same, but what the trail holds stays.
    pub(super) fn reset_table(self, server: &Server) -> Result<()> {
        self.restore(server, "")
    }

    fn restore(self, server: &Server, more: &str) -> Result<()> {
        // As a replica applies changes: without triggers.
        let script = format!(
            "SET session_replication_role = replica;\n\
             TRUNCATE tickets;\n\
             INSERT INTO tickets SELECT * FROM make_tickets(1, {BASE}, false);\n\
             {more}\n\
             VACUUM (ANALYZE) tickets;\n\
             CHECKPOINT;\n"
        );
        server.sql(&self.database(), &script).map(drop)
    }
}
