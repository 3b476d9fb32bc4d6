//! Reading and writing filters.

use chrono::DateTime;

use super::*;

#[test]
fn malformed_pair_names_its_key_and_value() {
    let cursor = "1795339267000000-0193c2aa00007000800000000000008d";
    for (pairs, message) in [
        (
            vec![("tabel", "x")],
            "tabel is \"x\": expected one of the keys table, key, operation, field, value, actor, on_behalf_of, action, \
             correlation_id, request_id, from, to, older, newer",
        ),
        (vec![("from", "2026-13-01T00:00")], r#"from is "2026-13-01T00:00": expected a UTC time"#),
        (vec![("to", "+262143-01-01T00:00")], "to is"),
        (vec![("from", "2026-01-02T00:00"), ("to", "2026-01-01T00:00")], r#"to is "2026-01-01T00:00:00Z""#),
        (vec![("older", "17")], r#"older is "17": expected a link"#),
        (vec![("newer", "99999999999999999999-x")], "newer is"),
        (vec![("older", cursor), ("newer", cursor)], "either older or newer"),
        (vec![("table", "a."), ("from", "")], r#"table is "a.""#),
        (vec![("table", "a"), ("table", "b")], "each key only once"),
        (vec![("key", "id=42")], r#"key is "id=42": expected the key of a record such as id=42, or"#),
        (
            vec![("table", "a,b"), ("key", "id=42")],
            r#"key is "id=42": expected the key of a record such as id=42, or"#,
        ),
        (vec![("table", "-a"), ("key", "id=42")], r#"key is "id=42": expected the key"#),
        (vec![("table", "a,b.")], r#"table is "b.": expected a table such as"#),
        (vec![("action", "-a,a")], r#"action is "a": expected a value to be either accepted or excluded"#),
        (vec![("field", ",")], r#"field is "": expected at least one value"#),
        (vec![("on_behalf_of", "none")], r#"on_behalf_of is "none": expected an actor"#),
        (vec![("table", "a"), ("key", "42")], r#"key is "42""#),
        (vec![("table", "a"), ("key", "id=1&id=2")], r#"key is "id=1&id=2""#),
        (vec![("table", "a"), ("key", "id=1&")], r#"key is "id=1&""#),
        (vec![("table", "a"), ("key", "id=%00")], r#"key is "id=%00""#),
        (
            vec![("operation", "INSERT")],
            r#"operation is "INSERT": expected insert, update, delete or truncate"#,
        ),
        (vec![("field", "a\0")], "field is"),
        (vec![("actor", "robot:1")], r#"actor is "robot:1": expected an actor such as user:42, or one of"#),
        (vec![("actor", "user:")], r#"actor is "user:""#),
        (vec![("action", "a\nb")], r#"action is "a\nb""#),
        (vec![("correlation_id", &"x".repeat(257))], "correlation_id is \"xxx"),
        (vec![("request_id", "a\tb")], r#"request_id is "a\tb""#),
        (vec![("value", "secret\0")], r#"value is "(7 bytes)": expected a text of 1 to 1000 bytes"#),
        (vec![("value", "secret"), ("value", "b")], r#"value is "(1 bytes)": expected each key only once"#),
    ] {
        let error = Filter::from_pairs(pairs.clone()).unwrap_err().to_string();
        assert!(error.contains(message), "{pairs:?}: {error}");
    }
}

#[test]
fn malformed_saved_filter_fails_with_the_same_text() {
    for (json, message) in [
        (r#"{"tabel":"x"}"#, "tabel is \"x\": expected one of the keys table, key,"),
        (r#"{"older":"x"}"#, "older is \"x\": expected one of the keys table"),
        (r#"{"operation":"upsert"}"#, "operation is \"upsert\": expected insert, update, delete or truncate"),
    ] {
        let error = serde_json::from_str::<Filter>(json).unwrap_err().to_string();
        assert!(error.starts_with(message), "{json}: {error}");
        let toml = json.trim_matches(['{', '}']).replacen(':', "=", 1).replacen('"', "", 2);
        let error = toml::from_str::<Filter>(&toml).unwrap_err().to_string();
        assert!(error.contains(message), "{toml}: {error}");
    }
}

#[test]
fn blank_values_are_ignored() {
    let blank: Vec<(&str, &str)> =
        FILTER_KEYS.iter().map(|key| (key.name, " ")).chain([("older", "")]).collect();
    let (filter, position) = Filter::from_pairs(blank).unwrap();
    assert!(filter.is_empty());
    assert_eq!(position, Position::Newest);
}

#[test]
fn anonymous_actor_filter_drops_its_id() {
    for text in ["anonymous", "anonymous:7"] {
        let filter: ActorFilter = text.parse().unwrap();
        assert_eq!(filter.to_string(), "anonymous");
    }
    assert_eq!("anonymous:\0".parse::<ActorFilter>().unwrap().to_string(), "anonymous");
    assert_eq!("user:a:b".parse::<ActorFilter>().unwrap().id.as_deref(), Some("a:b"));
}

#[test]
fn random_filters_round_trip_through_url_json_and_toml() {
    const TEXTS: [&str; 10] =
        ["a", "größe 🦀", "a&b=c", "100%", "+", "\"quoted\"\\", "x y", "=:;#", "-a,b", "x,\u{a0}-y"];
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % end as u64).unwrap()
    };
    for _ in 0..2_000 {
        let mut some = || random(2) == 0;
        let [key, operation, field, value, actor, subject, action, correlation, request, from, to] =
            std::array::from_fn(|_| some());
        let mut text = || TEXTS[random(TEXTS.len())].to_owned();
        let table = TableName::new(text(), text());
        let keys = RowKey::from([(text(), text()), (text(), String::new())]);
        let texts: [String; 5] = std::array::from_fn(|_| text());
        let actor_id = text();
        let text_length = actor_id.len();
        let kind = ActorKind::ALL[random(6)];
        let by_id = ActorRef::new(kind, actor_id).unwrap();
        let moment = DateTime::from_timestamp_micros(random(4_000_000_000_000_000) as i64);
        let [one, two, three, four, five] = texts;
        // A list of the text and another one, or a list that excludes the text.
        let list = |text: String| match text.len() % 3 {
            0 => Selection::from(text),
            1 => Selection::new([text.clone(), format!("{text}2")], []).unwrap(),
            _ => Selection::new([format!("-{text}")], [text]).unwrap(),
        };
        let actors = |actor: ActorFilter| match text_length % 2 {
            0 => Selection::from(actor),
            _ => Selection::new([], [actor, ActorKind::Anonymous.into()]).unwrap_or(Selection::unsigned()),
        };
        let filter = Filter {
            from: moment.filter(|_| from),
            to: moment.filter(|_| to),
            key: key.then_some(keys),
            table: (key || keeps_table(&table)).then_some(table.into()),
            operation: operation.then(|| Operation::ALL[random(4)].into()),
            field: field.then(|| list(one)),
            value: value.then(|| ValueFilter::whole(&five).unwrap()),
            actor: actor
                .then(|| actors(if random(2) == 0 { kind.into() } else { ActorFilter::from(&by_id) })),
            on_behalf_of: subject.then(|| actors(ActorFilter::from(&by_id))),
            action: action.then(|| list(two)),
            correlation_id: correlation.then_some(three),
            request_id: request.then_some(four),
        };
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(filter.to_pairs()).finish();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        assert_eq!(Filter::from_pairs(pairs), Ok((filter.clone(), Position::Newest)), "{query}");
        let json = serde_json::to_string(&filter).unwrap();
        assert_eq!(serde_json::from_str::<Filter>(&json).unwrap(), filter, "{json}");
        let toml = toml::to_string(&filter).unwrap();
        assert_eq!(toml::from_str::<Filter>(&toml).unwrap(), filter, "{toml}");
    }
}

/// Returns whether to keep the table; about half of them are kept.
fn keeps_table(table: &TableName) -> bool {
    table.name().len().is_multiple_of(2)
}

#[test]
fn kinds_and_fields_that_exclude_each_other_are_unsatisfiable() {
    for (pairs, expected) in [
        (&[("operation", "insert")][..], false),
        (&[("operation", "insert"), ("field", "a")], true),
        (&[("operation", "insert"), ("field", "-a")], false),
        (&[("operation", "insert,update"), ("field", "a")], false),
        (&[("operation", "-update"), ("field", "a,b")], true),
        (&[("operation", "-update"), ("field", "a,b"), ("value", "x")], false),
        (&[("operation", "truncate"), ("field", "-a")], false),
        (&[("operation", "truncate"), ("value", "x")], true),
        (&[("operation", "-insert,-update,-delete,-truncate")], true),
    ] {
        let (filter, _) = Filter::from_pairs(pairs.iter().copied()).unwrap();
        assert_eq!(filter.is_unsatisfiable(), expected, "{pairs:?}");
    }
}

#[test]
fn changes_without_an_actor_have_a_word() {
    let (filter, _) = Filter::from_pairs([("actor", " none ")]).unwrap();
    assert!(filter.actor.as_ref().is_some_and(Selection::is_unsigned));
    assert_eq!(filter.to_pairs(), [("actor", "none".to_owned())]);
}
