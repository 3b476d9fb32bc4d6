//! The rows of the diff table.

use threadline::query::{FieldChange, FieldValue, OldValueSource};

use super::cell::{Cell, CellValue, kind};
use super::fold::fold;
use super::json::{Difference, differences};
use super::lines::{Line, unified};
use super::word_diff::marked;

/// A row of the table: a field, or a path inside one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// The name of the field, or the path.
    pub(crate) label: String,
    /// The change.
    pub(crate) body: DiffBody,
}

/// The change in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DiffBody {
    /// The old value and the new one.
    Cells(Cell, Cell),
    /// Removed and added lines, and a note about the old ones.
    Lines(Vec<Line>, Option<&'static str>),
}

/// Returns the rows of a changed field: one, or one for each differing path of a JSON value. `say_source` notes, at each
/// field, that its old value comes from the previous change.
pub(crate) fn rows(field: FieldChange, say_source: bool) -> Vec<Row> {
    let FieldChange { name, before, before_source, after, .. } = field;
    let previous = before_source == OldValueSource::PreviousChange;
    let source = (previous && say_source).then_some("from the previous change");
    if before_source == OldValueSource::Unknown {
        let body = DiffBody::Cells(Cell::of(CellValue::Unknown), Cell::alone(after));
        return vec![Row { label: name, body }];
    }
    if matches!(before, FieldValue::Shortened { .. }) || matches!(after, FieldValue::Shortened { .. }) {
        let body = beginnings(before, after, source);
        return vec![Row { label: name, body }];
    }
    if before == after {
        return vec![Row { label: name, body: alike(after, previous, source) }];
    }
    if let (FieldValue::Json(old), FieldValue::Json(new)) = (&before, &after)
        && let Some(found) = differences(&name, old, new)
    {
        return found.into_iter().map(|difference| path(difference, source)).collect();
    }
    vec![Row { label: name, body: pair(before, after, source) }]
}

/// Returns the row of a field that the trail calls changed although both sides look the same. Values are compared before they
/// are masked, so they are masked; if the old value comes from the previous change, there may also have been an unrecorded
/// one in between.
fn alike(value: FieldValue, previous: bool, source: Option<&'static str>) -> DiffBody {
    let note = match (&value, previous) {
        (FieldValue::Null, _) => "changed between SQL NULL and JSON null, which are recorded alike",
        (FieldValue::TooLarge(_), _) => "changed between values of this size",
        (_, false) => "changed, value masked",
        (_, true) => "changed: masked, or changed without a record in between",
    };
    let shown = match value {
        FieldValue::Text(text) => CellValue::Masked(text),
        other => CellValue::from(other),
    };
    DiffBody::Cells(Cell::of(shown.clone()).with(source), Cell::of(shown).with(Some(note)))
}

/// Returns the row of values of which at least one is shortened. Beginnings are not compared, because that would tell nothing of
/// the values.
fn beginnings(before: FieldValue, after: FieldValue, source: Option<&'static str>) -> DiffBody {
    let note = (before == after).then_some("both values begin alike, and may differ further on");
    DiffBody::Cells(Cell::alone(before).with(source), Cell::alone(after).with(note))
}

fn pair(before: FieldValue, after: FieldValue, source: Option<&'static str>) -> DiffBody {
    match (before, after) {
        (FieldValue::Text(old), FieldValue::Text(new)) if old.is_empty() || new.is_empty() => {
            let side = |text| Cell::alone(FieldValue::Text(text));
            DiffBody::Cells(side(old).with(source), side(new))
        }
        (FieldValue::Text(old), FieldValue::Text(new)) if old.contains('\n') || new.contains('\n') => {
            DiffBody::Lines(unified(&old, &new), source)
        }
        (FieldValue::Text(old), FieldValue::Text(new)) | (FieldValue::Json(old), FieldValue::Json(new)) => {
            compared(old, new, source)
        }
        (before, after) => {
            let kinds = (kind(&before), kind(&after));
            let type_changed = kinds.0.is_some() && kinds.1.is_some() && kinds.0 != kinds.1;
            let note = |kind: Option<&'static str>| kind.filter(|_| type_changed);
            DiffBody::Cells(
                Cell::alone(before).with(note(kinds.0)).with(source),
                Cell::alone(after).with(note(kinds.1)),
            )
        }
    }
}

/// Compares texts of one line, and marks the changed words.
fn compared(old: String, new: String, source: Option<&'static str>) -> DiffBody {
    let (before, after) = marked(&old, &new);
    if let ([_], [_]) = (before.as_slice(), after.as_slice()) {
        let side = |text| Cell::alone(FieldValue::Text(text));
        return DiffBody::Cells(side(old).with(source), side(new));
    }
    let side = |runs: &[_]| Cell::of(CellValue::Text(fold(runs)));
    DiffBody::Cells(side(&before).with(source), side(&after))
}

fn path(difference: Difference<'_>, source: Option<&'static str>) -> Row {
    let Difference { path, old, new } = difference;
    let body = match (old.map(value), new.map(value)) {
        (Some(old), Some(new)) => match pair(old, new, source) {
            DiffBody::Cells(old, new) => DiffBody::Cells(inside(old), inside(new)),
            lines @ DiffBody::Lines(..) => lines,
        },
        (old, new) => {
            let side = |value: Option<FieldValue>| inside(Cell::alone(value.unwrap_or(FieldValue::Absent)));
            DiffBody::Cells(side(old).with(source), side(new))
        }
    };
    Row { label: path, body }
}

/// Turns SQL NULL into JSON null, inside of a JSON value.
fn inside(mut side: Cell) -> Cell {
    if side.shown == CellValue::Null {
        side.shown = CellValue::JsonNull;
    }
    side
}

/// Parses a JSON text as a field value.
fn value(text: &str) -> FieldValue {
    match text.as_bytes().first() {
        Some(b'n') => FieldValue::Null,
        Some(b't' | b'f') => FieldValue::Bool(text == "true"),
        Some(b'"') => {
            serde_json::from_str(text).map_or_else(|_| FieldValue::Json(text.to_owned()), FieldValue::Text)
        }
        Some(b'{' | b'[') => FieldValue::Json(text.to_owned()),
        _ => FieldValue::Number(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fold::Segment;
    use super::*;

    fn changed(
        before: FieldValue,
        before_source: OldValueSource,
        after: FieldValue,
    ) -> Vec<(String, String)> {
        rows(FieldChange::new("field", (before, before_source), after), true)
            .into_iter()
            .map(|row| match row.body {
                DiffBody::Cells(old, new) => (row.label, format!("{} > {}", shown(old), shown(new))),
                DiffBody::Lines(lines, source) => (row.label, format!("{} lines {source:?}", lines.len())),
            })
            .collect()
    }

    fn shown(side: Cell) -> String {
        let mut words = vec![match side.shown {
            CellValue::Text(pieces) => pieces
                .into_iter()
                .map(|piece| match piece {
                    Segment::Changed(text) => format!("[{text}]"),
                    Segment::Same(text) | Segment::Folded { text, .. } => text,
                    Segment::LeftOut(_) => String::new(),
                })
                .collect(),
            CellValue::Number(digits) => digits,
            other => format!("{other:?}"),
        }];
        words.extend(side.notes.into_iter().map(|note| format!("({note})")));
        words.join(" ")
    }

    fn one(before: FieldValue, after: FieldValue) -> String {
        changed(before, OldValueSource::Stored, after).into_iter().map(|(_, body)| body).collect()
    }

    fn text(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }

    fn shortened(start: &str, bytes: u64) -> FieldValue {
        FieldValue::Shortened { start: start.to_owned(), bytes }
    }

    #[test]
    fn every_kind_of_value_has_its_cell() {
        let number = |digits: &str| FieldValue::Number(digits.to_owned());
        for (before, after, expected) in [
            (text("low"), text("urgent"), "low > urgent"),
            (text("a word"), text("a verb"), "a [word] > a [verb]"),
            (FieldValue::Null, text(""), "Null > Empty"),
            (text("NULL"), FieldValue::Null, "NULL > Null"),
            (number("1.0"), number("1.00"), "1.0 > 1.00"),
            (number("1"), text("1"), "1 (number) > 1 (text)"),
            (FieldValue::Bool(true), text("true"), "Bool(true) (boolean) > true (text)"),
            (FieldValue::Omitted, FieldValue::Absent, "Omitted > Absent"),
            (text("one\ntwo"), text("one\nthree"), "3 lines None"),
            (
                shortened("a", 9),
                shortened("a", 9),
                r#"Shortened { start: "a", bytes: 9 } > Shortened { start: "a", bytes: 9 } (both values begin alike, and may differ further on)"#,
            ),
            (text("a"), shortened("a", 9), r#"a > Shortened { start: "a", bytes: 9 }"#),
            (
                text("a@b.example"),
                text("[REDACTED]"),
                r#"a@b.example > Masked("[REDACTED]") (placeholder of masked columns)"#,
            ),
        ] {
            assert_eq!(one(before, after), expected);
        }
    }

    #[test]
    fn equal_masked_values_are_noted_as_changed() {
        assert_eq!(one(text("***"), text("***")), r#"Masked("***") > Masked("***") (changed, value masked)"#);
        let previous = changed(text("***"), OldValueSource::PreviousChange, text("***"));
        assert_eq!(
            previous[0].1,
            r#"Masked("***") (from the previous change) > Masked("***") (changed: masked, or changed without a record in between)"#
        );
    }

    #[test]
    fn source_of_an_old_value_is_noted() {
        let unknown = changed(FieldValue::Omitted, OldValueSource::Unknown, text("new"));
        assert_eq!(unknown[0].1, "Unknown > new");
        let previous = changed(text("old"), OldValueSource::PreviousChange, text("new"));
        assert_eq!(previous[0].1, "old (from the previous change) > new");
        let source_is_said_elsewhere = rows(
            FieldChange::new("field", (text("old"), OldValueSource::PreviousChange), text("new")),
            false,
        );
        assert!(matches!(&source_is_said_elsewhere[0].body, DiffBody::Cells(old, _) if old.notes.is_empty()));
    }

    #[test]
    fn json_rows_have_paths_and_typed_values() {
        let json = |text: &str| FieldValue::Json(text.to_owned());
        let found = changed(
            json(r#"{"a": null, "b": "one two", "c": 1, "d": "x\ny", "e": {"f": []}}"#),
            OldValueSource::Stored,
            json(r#"{"a": 1, "b": "one 2", "c": "1", "d": "x\nz", "e": {"f": [{}]}}"#),
        );
        assert_eq!(
            found,
            [
                ("field.a", "JsonNull > 1"),
                ("field.b", "one [two] > one [2]"),
                ("field.c", "1 (number) > 1 (text)"),
                ("field.d", "3 lines None"),
                ("field.e.f[0]", "Absent > {}"),
            ]
            .map(|(path, body)| (path.to_owned(), body.to_owned()))
        );
        let written_otherwise = changed(json(r#"{"a": 1}"#), OldValueSource::Stored, json(r#"{"a":1}"#));
        assert_eq!(written_otherwise.len(), 1);
        assert_eq!(written_otherwise[0].0, "field");
    }
}
