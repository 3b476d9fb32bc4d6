//! Parsers of outside input: none panics on any mutation of valid input, and what one accepts is read back from what it prints.
//! `THREADLINE_PARSER_INPUTS=1000000` tries more inputs for each parser than the default of 5,000.

use std::fmt::Display;
use std::panic::catch_unwind;
use std::str::FromStr;

use threadline::query::{
    ActorFilter, Cursor, Filter, Operation, RelativeRange, RowKey, SnapshotMark, Timestamp, TransactionId,
};
use threadline::{ActionStatus, ActorKind, ActorRef, AuditContext, Config, StorageSchema, TableName};
use threadline_testkit::random::Random;

const DEFAULT_INPUTS: usize = 5_000;

/// Pieces that have a meaning for some parser, or that are hard for many.
const PIECES: [&str; 44] = [
    "",
    " ",
    "=",
    "&",
    ":",
    ".",
    ",",
    "\"",
    "\\",
    "'",
    "%",
    "%00",
    "%FF",
    "+",
    "-",
    "_",
    "/",
    "#",
    "\0",
    "\n",
    "\r",
    "\t",
    "0",
    "9",
    "18446744073709551616",
    "-1",
    "1e400",
    "NULL",
    "null",
    "{",
    "}",
    "[",
    "]",
    "[[",
    "T",
    "Z",
    "UTC",
    "é",
    "\u{200b}",
    "\u{202e}",
    "\u{feff}",
    "🦀",
    "a\u{301}",
    "infinity",
];

/// Changes a text in one to four places.
fn mutated(random: &mut Random, seeds: &[&str]) -> String {
    let mut text: Vec<char> = random.pick(seeds).chars().collect();
    for _ in 0..=random.below(3) {
        let at = random.below(text.len() + 1);
        match random.below(5) {
            0 => drop(text.drain(at.min(text.len())..)),
            1 if at < text.len() => drop(text.remove(at)),
            2 => {
                let other: Vec<char> = random.pick(seeds).chars().collect();
                let from = random.below(other.len() + 1);
                text.splice(at..at, other[from..].iter().copied());
            }
            3 => {
                let piece = random.pick(&PIECES).repeat(1 + random.below(3));
                text.splice(at..at, piece.chars());
            }
            _ => {
                let code = u32::try_from(random.below(0x11_0000)).unwrap_or_default();
                text.splice(at..at, char::from_u32(code));
            }
        }
    }
    text.into_iter().collect()
}

/// Calls `check` with mutations of the seeds, and with the seeds themselves. A panic fails with its input.
fn check_inputs(name: &str, seeds: &[&str], check: impl Fn(&str) + std::panic::RefUnwindSafe) {
    let inputs = std::env::var("THREADLINE_PARSER_INPUTS").ok().and_then(|text| text.parse().ok());
    let mut random = Random::new(u64::try_from(name.len()).unwrap_or_default());
    let all = seeds.iter().map(|seed| (*seed).to_owned()).collect::<Vec<_>>();
    let mutations = (0..inputs.unwrap_or(DEFAULT_INPUTS)).map(|_| mutated(&mut random, seeds));
    for input in all.into_iter().chain(mutations) {
        assert!(catch_unwind(|| check(&input)).is_ok(), "{name}: {input:?}");
    }
}

/// Checks that what a parser accepts is equal to what it reads from its own output.
fn check_round_trip<T: FromStr + Display + PartialEq + std::fmt::Debug>(name: &str, seeds: &[&str]) {
    check_inputs(name, seeds, |input| {
        if let Ok(value) = input.parse::<T>() {
            let printed = value.to_string();
            assert_eq!(
                printed.parse::<T>().ok().as_ref(),
                Some(&value),
                "{input:?} is printed as {printed:?}"
            );
        }
    });
}

#[test]
fn values_are_read_back_from_their_text() {
    check_round_trip::<TableName>(
        "table",
        &["tickets", "billing.invoices", "\"acme.example\".orders", "public.\"a\"\"b\""],
    );
    check_round_trip::<RowKey>(
        "row key",
        &["id=42", "order=7&line=2", "email=\"NULL\"", "a%3Db=c+d", "id=NULL"],
    );
    check_round_trip::<Timestamp>(
        "timestamp",
        &["2026-11-22T09:30:12Z", "2026-11-22 09:30:12.123456 UTC", "2026-11-22T09:30"],
    );
    check_round_trip::<RelativeRange>("relative range", &["1h", "24h", "7d", "30d"]);
    check_round_trip::<Cursor>("cursor", &["1795339267000000-0193c2aa00007000800000000000008d"]);
    check_round_trip::<TransactionId>("transaction", &["0193c2aa-0000-7000-8000-00000000008d"]);
    check_round_trip::<Operation>("operation", &["insert", "update", "delete", "truncate"]);
    check_round_trip::<ActionStatus>("status", &["ok", "error"]);
    check_round_trip::<ActorKind>("actor kind", &["user", "service_account", "anonymous"]);
    check_round_trip::<ActorFilter>("actor filter", &["user:42", "job", "anonymous", "admin:a:b c"]);
}

#[test]
fn snapshot_mark_reads_any_text() {
    check_inputs("mark", &["", "1795339267000000-100-101-", "1-2-3-4,5", "0193c2aa"], |input| {
        if let Ok(mark) = input.parse::<SnapshotMark>() {
            assert!(mark.to_string().parse::<SnapshotMark>().is_ok(), "{input:?}");
        }
    });
}

#[test]
fn filter_is_read_back_from_its_pairs() {
    let seeds = [
        "from=2026-01-01T00:00&to=2026-02-01T00:00&table=tickets&key=id=1&operation=update&field=subject",
        "actor=user:42&action=ticket.closed&correlation_id=case-1&request_id=req-1",
        "older=1795339267000000-0193c2aa00007000800000000000008d",
        "newer=1795339267000000-0193c2aa00007000800000000000008d&from=",
    ];
    check_inputs("filter", &seeds, |input| {
        let pairs: Vec<(&str, &str)> =
            input.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        if let Ok((filter, _)) = Filter::from_pairs(pairs.iter().copied()) {
            let printed = filter.to_pairs();
            let read = Filter::from_pairs(printed.iter().map(|(key, value)| (*key, value.as_str())));
            assert_eq!(
                read.map(|(read, _)| read).ok().as_ref(),
                Some(&filter),
                "{input:?} is printed as {printed:?}"
            );
        }
    });
}

#[test]
fn json_of_actors_and_contexts_is_read_or_rejected() {
    let seeds = [
        r#"{"type":"user","id":"42"}"#,
        r#"{"type":"anonymous"}"#,
        r#"{"actor_ref":{"type":"job","id":"sweep"},"on_behalf_of":{"type":"user","id":"7"},"request_id":"req-1","correlation_id":"case-1","job_id":9}"#,
        r#"{"actor_ref":null,"request_id":"req-1"}"#,
    ];
    check_inputs("actor", &seeds, |input| {
        let Ok(json) = serde_json::from_str(input) else { return };
        if let Ok(actor) = ActorRef::from_json(&json) {
            let printed = serde_json::to_value(&actor).unwrap_or_default();
            assert_eq!(ActorRef::from_json(&printed), Ok(actor), "{input}");
        }
        if let Ok(context) = AuditContext::from_json(&json) {
            let _is_readable =
                AuditContext::from_json(&context.to_json()).map(|read| assert_eq!(read, context, "{input}"));
        }
    });
}

#[test]
fn configuration_is_read_or_rejected() {
    let seeds = [
        "storage_schema = \"audit\"\n[capture]\nalways = true\n[capture.tables.users]\nmask = [\"email\"]\nmode = \"row\"\n",
        "[capture.tables.\"acme.example\"]\nexclude = [\"a\", \"b\"]\nprimary_key = [\"id\"]\ntruncate = \"rows\"\n",
        "[health]\nexpected_uncovered_tables = [\"jobs\"]\n",
    ];
    check_inputs("configuration", &seeds, |input| drop(Config::from_toml(input)));
    check_inputs("schema", &["threadline", "Audit", "a b", "pg_x"], |input| drop(StorageSchema::new(input)));
}
