//! The types of columns, and random values of each as SQL.

use threadline_testkit::random::Random;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Integer,
    Bigint,
    Numeric,
    Json,
    Mood,
    Place,
    TextArray,
    Time,
}

pub(crate) const TYPES: &str = "DROP TYPE IF EXISTS mood, place;
    CREATE TYPE mood AS ENUM ('sad', 'so so', 'glad'); CREATE TYPE place AS (street text, number int, tags text[])";

impl Type {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "int",
            Self::Bigint => "bigint",
            Self::Numeric => "numeric",
            Self::Json => "jsonb",
            Self::Mood => "mood",
            Self::Place => "place",
            Self::TextArray => "text[]",
            Self::Time => "timestamptz",
        }
    }

    /// Returns another type that a column of this one can get, and the expression that converts it, in which `$` is the column.
    pub(crate) fn other(self, random: &mut Random) -> Option<(Self, &'static str)> {
        let others: &[(Self, &str)] = match self {
            Self::Integer => &[(Self::Bigint, "$"), (Self::Numeric, "$ + 0.50"), (Self::Text, "'n ' || $")],
            Self::Bigint => &[(Self::Numeric, "$"), (Self::Text, "$::text")],
            Self::Numeric => &[(Self::Text, "$::text"), (Self::Json, "to_jsonb($)")],
            Self::Text => &[
                (Self::Json, "to_jsonb($)"),
                (Self::TextArray, "ARRAY[$]"),
                (Self::Place, "ROW($, 1, NULL)::place"),
            ],
            Self::Json | Self::Mood | Self::Place => &[(Self::Text, "$::text")],
            Self::TextArray => &[(Self::Text, "array_to_string($, ',')"), (Self::Json, "to_jsonb($)")],
            Self::Time => &[(Self::Text, "'t ' || extract(epoch FROM $)::bigint")],
        };
        (!others.is_empty()).then(|| *random.pick(others))
    }

    /// Returns a value as SQL. For most types different numbers produce different values.
    pub(crate) fn value(self, random: &mut Random, number: u32) -> String {
        if random.one_in(7) {
            return "NULL".to_owned();
        }
        match self {
            Self::Text if random.one_in(40) => format!("repeat('{number} ', 30000)"),
            Self::Text if random.one_in(20) => "''".to_owned(),
            Self::Text => format!("'t {number} \"é\" \\'"),
            Self::Integer | Self::Bigint => number.to_string(),
            // Some of these are equal numbers and nevertheless different values.
            Self::Numeric => {
                random.pick(&["1.0", "1.00", "1", "0.000", "-12345678901234567890.5"]).to_string()
            }
            Self::Json => random
                .pick(&[r#"'{"a": [1, {"b": null}]}'"#, "'1'", r#"'"1"'"#, "'null'", "'[]'", "'1.0'"])
                .to_string(),
            Self::Mood => random.pick(&["'sad'", "'so so'", "'glad'"]).to_string(),
            Self::Place => format!("ROW('street \"{number}\", x', {number}, ARRAY['t', NULL])::place"),
            Self::TextArray => random
                .pick(&["'{}'::text[]", "ARRAY['a', NULL, '{x, \"y\"}']", "ARRAY[['a'], ['b']]"])
                .to_string(),
            Self::Time => format!("'2026-01-01 00:00+00'::timestamptz + {number} * interval '1.5 seconds'"),
        }
    }
}
