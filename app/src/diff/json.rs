//! Compares arrays and objects path by path. Values stay the text that the database returned, so numbers stay exact.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::value::RawValue;
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// The longest side, in bytes, that is compared path by path.
const MAX_BYTES: usize = 64 * 1024;
/// The depth of the comparison. What is deeper counts as one value.
const MAX_DEPTH: usize = 16;
/// The most paths that may differ.
const MAX_PATHS: usize = 200;
/// The most elements on one side, from the first to the last differing one, that are matched with those of the other side.
const MAX_ELEMENTS: usize = 400;

/// A path at which two values differ, and the JSON text on each side, if the side has the path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference<'a> {
    /// The path, such as `meta.sla.minutes` or `tags[2]`.
    pub(super) path: String,
    /// The old text.
    pub(super) old: Option<&'a str>,
    /// The new text.
    pub(super) new: Option<&'a str>,
}

/// Returns the paths at which two values differ, unless the limits are exceeded or only the formatting differs.
pub(super) fn differences<'a>(column: &str, old: &'a str, new: &'a str) -> Option<Vec<Difference<'a>>> {
    if old.len().max(new.len()) > MAX_BYTES {
        return None;
    }
    let mut differences = Vec::new();
    let root = if is_plain(column) { column.to_owned() } else { quoted(column) };
    compare(&root, old, new, MAX_DEPTH, &mut differences);
    (1..=MAX_PATHS).contains(&differences.len()).then_some(differences)
}

/// Returns the path of an object's key, in brackets and quotes if the key is ambiguous.
fn is_plain(key: &str) -> bool {
    key.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && key.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '-'))
}

fn quoted(key: &str) -> String {
    serde_json::to_string(key).unwrap_or_default()
}

type Object<'a> = BTreeMap<String, &'a RawValue>;

/// Compares two values. The recursion ends at a fixed depth, and when too many paths have been found.
fn compare<'a>(path: &str, old: &'a str, new: &'a str, depth: usize, differences: &mut Vec<Difference<'a>>) {
    if old == new || differences.len() > MAX_PATHS {
        return;
    }
    if depth > 0 {
        if let (Some(old), Some(new)) = (object(old), object(new)) {
            return compare_objects(path, &old, &new, depth - 1, differences);
        }
        if let (Some(old), Some(new)) = (array(old), array(new))
            && compare_arrays(path, &old, &new, depth - 1, differences)
        {
            return;
        }
    }
    differences.push(Difference { path: path.to_owned(), old: Some(old), new: Some(new) });
}

fn object(text: &str) -> Option<Object<'_>> {
    text.starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
}

fn array(text: &str) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> =
        text.starts_with('[').then(|| serde_json::from_str(text).ok()).flatten()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

fn compare_objects<'a>(
    path: &str,
    old: &Object<'a>,
    new: &Object<'a>,
    depth: usize,
    differences: &mut Vec<Difference<'a>>,
) {
    let added = new.keys().filter(|key| !old.contains_key(*key));
    let mut keys: Vec<&String> = old.keys().chain(added).collect();
    keys.sort_unstable();
    for key in keys {
        let sides = (old.get(key).map(|raw| raw.get()), new.get(key).map(|raw| raw.get()));
        if sides.0 == sides.1 {
            continue;
        }
        let path = if is_plain(key) { format!("{path}.{key}") } else { format!("{path}[{}]", quoted(key)) };
        compare_sides(path, sides, depth, differences);
    }
}

fn compare_sides<'a>(
    path: String,
    sides: (Option<&'a str>, Option<&'a str>),
    depth: usize,
    differences: &mut Vec<Difference<'a>>,
) {
    match sides {
        (Some(old), Some(new)) => compare(&path, old, new, depth, differences),
        (old, new) => differences.push(Difference { path, old, new }),
    }
}

/// Matches equal elements, so that an element inserted at the front does not change all others. Returns whether that was
/// possible.
fn compare_arrays<'a>(
    path: &str,
    old: &[&'a str],
    new: &[&'a str],
    depth: usize,
    differences: &mut Vec<Difference<'a>>,
) -> bool {
    let same = |(old, new): &(&&str, &&str)| old == new;
    let head = old.iter().zip(new).take_while(same).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(same).count();
    let (old, new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let length = old.len().max(new.len());
    let ops = if length <= MAX_ELEMENTS {
        capture_diff_slices(Algorithm::Myers, old, new)
    } else if old.len() == new.len() {
        vec![DiffOp::Replace { old_index: 0, old_len: length, new_index: 0, new_len: length }]
    } else {
        return false;
    };
    for op in ops.into_iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
        let (old_range, new_range) = (op.old_range(), op.new_range());
        for step in 0..old_range.len().max(new_range.len()) {
            let (before, after) = (old_range.clone().nth(step), new_range.clone().nth(step));
            let sides =
                (before.and_then(|at| old.get(at).copied()), after.and_then(|at| new.get(at).copied()));
            if sides.0 != sides.1 {
                compare_sides(element(path, before, after, head), sides, depth, differences);
            }
            if differences.len() > MAX_PATHS {
                return true;
            }
        }
    }
    true
}

/// Returns the path of an element: `tags[2]`, counted from 0, or `tags[1 → 2]` if it has moved.
fn element(path: &str, old: Option<usize>, new: Option<usize>, first: usize) -> String {
    let mut path = format!("{path}[");
    let at = match (old, new) {
        (Some(old), Some(new)) if old != new => {
            let _ = write!(path, "{} → ", old + first);
            new
        }
        (Some(at), _) | (None, Some(at)) => at,
        (None, None) => 0,
    };
    let _ = write!(path, "{}]", at + first);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(column: &str, old: &str, new: &str) -> Vec<String> {
        let side = |text: Option<&str>| text.unwrap_or("-").to_owned();
        differences(column, old, new)
            .unwrap_or_default()
            .into_iter()
            .map(|differences| {
                format!("{}: {} > {}", differences.path, side(differences.old), side(differences.new))
            })
            .collect()
    }

    #[test]
    fn differences_name_only_the_paths_that_differ() {
        for (old, new, expected) in [
            (
                r#"{"a": 1, "sla": {"minutes": 480, "x": 1}}"#,
                r#"{"a": 1, "sla": {"minutes": 60, "x": 1}}"#,
                vec!["meta.sla.minutes: 480 > 60"],
            ),
            (r#"{"a": null}"#, r#"{"b": null}"#, vec!["meta.a: null > -", "meta.b: - > null"]),
            (r#"{"a": {"b": 1}}"#, r#"{"a": [1]}"#, vec![r#"meta.a: {"b": 1} > [1]"#]),
            (
                r#"{"a.b": 1, "": 2, "c\"]": 3}"#,
                r#"{"a.b": 2, "": 3, "c\"]": 4}"#,
                vec![r#"meta[""]: 2 > 3"#, r#"meta["a.b"]: 1 > 2"#, r#"meta["c\"]"]: 3 > 4"#],
            ),
            (
                r#"{"a": {"b": 1}, "a.b": 1}"#,
                r#"{"a": {"b": 2}, "a.b": 2}"#,
                vec!["meta.a.b: 1 > 2", r#"meta["a.b"]: 1 > 2"#],
            ),
            (r#"{"\u0061": 1}"#, r#"{"a": 2}"#, vec!["meta.a: 1 > 2"]),
        ] {
            assert_eq!(shown("meta", old, new), expected);
        }
        assert_eq!(shown("a.b", r#"{"c": 1}"#, r#"{"c": 2}"#), [r#""a.b".c: 1 > 2"#]);
    }

    #[test]
    fn differences_keep_every_digit() {
        for (old, new) in [
            ("1.0", "1.00"),
            ("1e400", "1e401"),
            ("12345678901234567890", "12345678901234567891"),
            ("0.1", "0.1000000000000000055511151231257827"),
            ("-0", "0"),
        ] {
            let (before, after) = (format!(r#"{{"n": {old}}}"#), format!(r#"{{"n": {new}}}"#));
            assert_eq!(shown("m", &before, &after), [format!("m.n: {old} > {new}")]);
        }
    }

    #[test]
    fn arrays_are_compared_element_by_element() {
        for (old, new, expected) in [
            ("[1, 2, 3]", "[1, 2, 4]", vec!["tags[2]: 3 > 4"]),
            ("[1, 2, 3]", "[0, 1, 2, 3]", vec!["tags[0]: - > 0"]),
            ("[1, 2, 3]", "[1, 3]", vec!["tags[1]: 2 > -"]),
            ("[1, 2, 3]", "[0, 1, 2]", vec!["tags[0]: - > 0", "tags[2]: 3 > -"]),
            ("[]", r#"["a"]"#, vec![r#"tags[0]: - > "a""#]),
            (
                r#"[{"id": 1, "n": 1}, 5]"#,
                r#"[9, {"id": 1, "n": 1}, 6, 7]"#,
                vec!["tags[0]: - > 9", "tags[1 → 2]: 5 > 6", "tags[3]: - > 7"],
            ),
            (
                r#"[[1, [2]], {"a": 1}]"#,
                r#"[[1, [3]], {"a": 2}]"#,
                vec!["tags[0][1][0]: 2 > 3", "tags[1].a: 1 > 2"],
            ),
        ] {
            assert_eq!(shown("tags", old, new), expected, "{old} {new}");
        }
    }

    #[test]
    fn json_beyond_the_limits_is_not_compared_by_path() {
        let numbers = |from: usize, to: usize| -> Vec<usize> { (from..to).collect() };
        let array = |numbers: &[usize]| format!("{numbers:?}");
        assert_eq!(differences("m", &array(&numbers(0, 100_000)), &array(&numbers(1, 100_000))), None);
        assert_eq!(shown("m", &array(&numbers(0, 8_000)), &array(&numbers(1, 8_000))), ["m[0]: 0 > -"]);
        let some: Vec<usize> = numbers(10_000, 15_000).into_iter().rev().collect();
        assert_eq!(differences("m", &array(&numbers(0, 5_000)), &array(&some)), None);
        let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(10_000), "]".repeat(10_000));
        let (old, new) = (deep("1"), deep("2"));
        let found = differences("m", &old, &new).unwrap_or_default();
        assert_eq!(
            found.iter().map(|difference| difference.path.as_str()).collect::<Vec<_>>(),
            [format!("m{}", "[0]".repeat(16))]
        );
        assert_eq!(differences("m", r#"{"a": 1}"#, r#"{"a":1}"#), None);
    }
}
