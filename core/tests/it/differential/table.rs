//! The tables of a plan, and the redefinitions of their columns.

use chrono::{DateTime, Utc};
use threadline::TableName;
use threadline::capture::{CaptureMode, TablePolicy};
use threadline::query::RowImage;

use crate::differential::value::Type;
use threadline_testkit::random::Random;

/// The kind of a table, which determines its key and its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Pair,
    Partitioned,
    Redacted,
    Typed,
}

/// The redaction of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redaction {
    None,
    /// The trail contains a placeholder, or NULL.
    Mask,
    Exclude,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Type,
    pub(crate) redaction: Redaction,
}

/// A change of a table's definition or name, or the truncate of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Redefinition {
    Added { column: String, default: String },
    Renamed { from: String, to: String },
    Retyped { column: String },
    TableRenamed,
    PartitionTruncated { region: String },
}

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) kind: Kind,
    /// Every name that the table had with its first time, the current one last.
    pub(crate) names: Vec<(DateTime<Utc>, String)>,
    /// True if the key is checked at the end of a statement.
    pub(crate) is_deferrable: bool,
    pub(crate) mode: CaptureMode,
    /// The columns that are not part of the key.
    pub(crate) columns: Vec<Column>,
    pub(crate) redefinitions: Vec<(DateTime<Utc>, Redefinition)>,
}

pub(crate) const REGIONS: [&str; 3] = ["a", "b", "c"];

impl Table {
    pub(crate) fn all(random: &mut Random, now: DateTime<Utc>) -> Vec<Self> {
        let kinds = [Kind::Plain, Kind::Pair, Kind::Partitioned, Kind::Redacted, Kind::Typed];
        kinds.into_iter().map(|kind| Self::new(kind, random, now)).collect()
    }

    fn new(kind: Kind, random: &mut Random, now: DateTime<Utc>) -> Self {
        let column = |(name, kind, redaction): (&str, Type, Redaction)| Column {
            name: name.to_owned(),
            kind,
            redaction,
        };
        let (name, columns): (&str, &[(&str, Type, Redaction)]) = match kind {
            Kind::Plain => (
                "plain",
                &[
                    ("a", Type::Text, Redaction::None),
                    ("b", Type::Numeric, Redaction::None),
                    ("c", Type::Json, Redaction::None),
                ],
            ),
            Kind::Pair => {
                ("pair", &[("a", Type::Text, Redaction::None), ("b", Type::Integer, Redaction::None)])
            }
            Kind::Partitioned => ("parted", &[("a", Type::Text, Redaction::None)]),
            Kind::Redacted => (
                "secrets",
                &[
                    ("note", Type::Text, Redaction::None),
                    ("masked", Type::Text, Redaction::Mask),
                    ("hidden", Type::Text, Redaction::Exclude),
                ],
            ),
            Kind::Typed => (
                "typed",
                &[
                    ("feeling", Type::Mood, Redaction::None),
                    ("place", Type::Place, Redaction::None),
                    ("list", Type::TextArray, Redaction::None),
                    ("at", Type::Time, Redaction::None),
                    ("n", Type::Numeric, Redaction::None),
                ],
            ),
        };
        Self {
            kind,
            names: vec![(now, name.to_owned())],
            is_deferrable: random.one_in(2),
            mode: *random.pick(&CaptureMode::ALL),
            columns: columns.iter().copied().map(column).collect(),
            redefinitions: Vec::new(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.names.last().map_or("", |(_, name)| name)
    }

    /// Returns the name at a time.
    pub(crate) fn name_at(&self, moment: DateTime<Utc>) -> &str {
        self.names.iter().rev().find(|(since, _)| *since <= moment).map_or("", |(_, name)| name)
    }

    pub(crate) const fn key(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Plain | Kind::Redacted | Kind::Typed => &["id"],
            Kind::Pair => &["x", "y"],
            Kind::Partitioned => &["id", "r"],
        }
    }

    pub(crate) fn create(&self) -> String {
        let key = match self.kind {
            Kind::Plain | Kind::Redacted | Kind::Typed => "id int",
            Kind::Pair => "x int, y text",
            Kind::Partitioned => "id int, r text",
        };
        let columns: String =
            self.columns.iter().map(|column| format!(", {} {}", column.name, column.kind.name())).collect();
        let (name, primary) = (self.name(), self.key().join(", "));
        let deferrable = if self.is_deferrable { " DEFERRABLE" } else { "" };
        let table = format!("CREATE TABLE {name} ({key}{columns}, PRIMARY KEY ({primary}){deferrable})");
        if self.kind != Kind::Partitioned {
            return table;
        }
        format!(
            "{table} PARTITION BY LIST (r); CREATE TABLE parted_a PARTITION OF {name} FOR VALUES IN ('a');
             CREATE TABLE parted_b (a text, r text NOT NULL, id int NOT NULL);
             ALTER TABLE {name} ATTACH PARTITION parted_b FOR VALUES IN ('b');
             CREATE TABLE parted_c PARTITION OF {name} FOR VALUES IN ('c') PARTITION BY RANGE (id);
             CREATE TABLE parted_c_low PARTITION OF parted_c FOR VALUES FROM (0) TO (6);
             CREATE TABLE parted_c_high PARTITION OF parted_c FOR VALUES FROM (6) TO (100)"
        )
    }

    pub(crate) fn policy(&self) -> TablePolicy {
        let names_with = |redaction: Redaction| -> Vec<String> {
            self.columns
                .iter()
                .filter(|column| column.redaction == redaction)
                .map(|column| column.name.clone())
                .collect()
        };
        TablePolicy::new(TableName::new("public", self.name()))
            .mode(self.mode)
            .mask(names_with(Redaction::Mask))
            .exclude(names_with(Redaction::Exclude))
    }

    /// Returns the SQL that converts values of users' types to text in the copies, because the trail records them as text.
    pub(crate) fn text_conversions(&self) -> String {
        let is_place = |column: &&Column| column.kind == Type::Place;
        let texts = self
            .columns
            .iter()
            .filter(is_place)
            .map(|column| format!(" || jsonb_build_object('{0}', {0}::text)", column.name));
        texts.collect()
    }

    /// Returns a recorded row as it would be recorded at a later time, and the columns whose values are unknown then.
    pub(crate) fn carry(
        &self,
        row: &RowImage,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> (RowImage, Vec<String>) {
        let (mut row, mut unknown) = (row.clone(), Vec::<String>::new());
        for (at, redefinition) in &self.redefinitions {
            if *at <= from || *at > to {
                continue;
            }
            match redefinition {
                Redefinition::Added { column, default } => {
                    let value = serde_json::value::RawValue::from_string(default.clone()).unwrap_or_default();
                    row.insert(column.clone(), value);
                }
                Redefinition::Renamed { from, to } => {
                    if let Some(value) = row.remove(from) {
                        row.insert(to.clone(), value);
                    }
                    unknown.iter_mut().filter(|name| *name == from).for_each(|name| name.clone_from(to));
                }
                Redefinition::Retyped { column } => unknown.push(column.clone()),
                Redefinition::TableRenamed | Redefinition::PartitionTruncated { .. } => {}
            }
        }
        (row, unknown)
    }

    /// Returns the redacted columns under their names at a time.
    pub(crate) fn redacted_at(&self, moment: DateTime<Utc>) -> Vec<(String, Redaction)> {
        let is_redacted = |column: &&Column| column.redaction != Redaction::None;
        let name = |column: &Column| {
            let later = self.redefinitions.iter().rev().take_while(|(at, _)| *at > moment);
            later.fold(column.name.clone(), |name, (_, redefinition)| match redefinition {
                Redefinition::Renamed { from, to } if *to == name => from.clone(),
                _ => name,
            })
        };
        self.columns.iter().filter(is_redacted).map(|column| (name(column), column.redaction)).collect()
    }

    pub(crate) fn has_redefinition(&self, predicate: impl Fn(&Redefinition) -> bool) -> bool {
        self.redefinitions.iter().any(|(_, redefinition)| predicate(redefinition))
    }
}
