//! Reading, writing and meaning of selections.

use std::str::FromStr;

use super::*;

#[test]
fn values_are_read_with_their_signs_and_escapes() {
    for (text, included, excluded, written) in [
        ("a", &["a"][..], &[][..], "a"),
        ("a, b ,c", &["a", "b", "c"], &[], "a,b,c"),
        ("-a", &[], &["a"], "-a"),
        (" - a , b", &["b"], &["a"], "b,-a"),
        (",a,,b,", &["a", "b"], &[], "a,b"),
        ("a,a,-b,-b", &["a"], &["b"], "a,-b"),
        (r"a\,b", &["a,b"], &[], r"a\,b"),
        (r"\-a,-\-b", &["-a"], &["-b"], r"\-a,-\-b"),
        (r"a-b", &["a-b"], &[], "a-b"),
        (r"CORP\ann", &[r"CORP\ann"], &[], r"CORP\\ann"),
        (r"a\\,b\", &[r"a\", r"b\"], &[], r"a\\,b\\"),
        (r"\ a\ ", &[" a "], &[], r"\ a\ "),
        ("--a", &[], &["-a"], r"-\-a"),
    ] {
        let read = Selection::<String>::from_str(text).unwrap();
        assert_eq!(
            (read.included(), read.excluded()),
            (&owned(included)[..], &owned(excluded)[..]),
            "{text}"
        );
        assert_eq!(read.to_string(), written, "{text}");
    }
}

fn owned(values: &[&str]) -> Vec<String> {
    values.iter().map(|&value| value.to_owned()).collect()
}

#[test]
fn hostile_values_are_read_back() {
    let parts = [",", "-", "\\", " ", "\u{a0}", "\n", "a", "=", "%2C", "\u{202e}", "\"", "é🦀"];
    let mut values: Vec<String> = Vec::new();
    for one in parts {
        values.extend([one.to_owned(), one.repeat(3)]);
        for other in parts {
            values.push(format!("{one}{other}"));
            values.extend(parts.map(|third| format!("{one}{other}{third}")));
        }
    }
    for pair in values.windows(2).filter(|pair| pair[0] != pair[1]) {
        let [one, other] = [pair[0].clone(), pair[1].clone()];
        for selection in [
            Selection::from(one.clone()),
            Selection::new([], [one.clone()]).unwrap(),
            Selection::new([one.clone(), other.clone()], []).unwrap(),
            Selection::new([other], [one]).unwrap(),
        ] {
            assert_eq!(selection.to_string().parse(), Ok(selection.clone()), "{selection}");
        }
    }
}

#[test]
fn list_that_selects_nothing_is_refused_with_the_reason() {
    for (text, message) in [
        ("", r#"list is "": expected at least one value"#),
        (" , ", r#"list is "": expected at least one value"#),
        ("user:1,-user:1", r#"list is "user:1": expected a value to be either accepted or excluded"#),
        ("user:1,robot:2", r#"actor is "robot:2": expected an actor such as user:42"#),
        ("-", r#"actor is "": expected an actor such as user:42"#),
    ] {
        let error = text.parse::<Selection<ActorFilter>>().unwrap_err().to_string();
        assert!(error.starts_with(message), "{text}: {error}");
    }
    let many: Vec<String> = (0..=100).map(|number| number.to_string()).collect();
    let error = many.join(",").parse::<Selection<String>>().unwrap_err().to_string();
    assert_eq!(error, r#"list is "101 values": expected at most 100 values"#);
    assert!(many[1..].join(",").parse::<Selection<String>>().is_ok());
}

#[test]
fn change_without_a_value_is_neither_included_nor_excluded() {
    let selects = |text: &str| text.parse::<Selection<String>>().unwrap().selects(|_| false);
    assert!(selects("-a") && !selects("a") && !selects("a,-b"));
    let is_selected = |text: &str| text.parse::<Selection<String>>().unwrap().selects(|value| value == "a");
    assert!(is_selected("a") && is_selected("b,a") && is_selected("-b"));
    assert!(!is_selected("b") && !is_selected("-a") && !is_selected("b,-a"));
}

#[test]
fn unsigned_changes_are_those_of_no_kind_of_actor() {
    let unsigned = Selection::unsigned();
    assert!(unsigned.is_unsigned() && unsigned.selects(|_| false));
    for kind in ActorKind::ALL {
        assert!(!unsigned.selects(|actor| actor.kind == kind), "{kind}");
    }
    assert!(!Selection::people().is_unsigned());
    assert_eq!(Selection::people().to_string(), "user,admin");
}
