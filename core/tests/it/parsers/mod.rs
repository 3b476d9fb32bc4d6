//! Parsers of outside input: none panics on any mutation of valid input, and what one accepts is read back from what it prints.
//! `THREADLINE_PARSER_INPUTS=1000000` tries more inputs for each parser than the default of 5,000.

mod properties;

use std::panic::{RefUnwindSafe, catch_unwind};

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
fn check_inputs(name: &str, seeds: &[&str], check: impl Fn(&str) + RefUnwindSafe) {
    let inputs = std::env::var("THREADLINE_PARSER_INPUTS").ok().and_then(|text| text.parse().ok());
    let mut random = Random::new(u64::try_from(name.len()).unwrap_or_default());
    let all = seeds.iter().map(|seed| (*seed).to_owned()).collect::<Vec<_>>();
    let mutations = (0..inputs.unwrap_or(DEFAULT_INPUTS)).map(|_| mutated(&mut random, seeds));
    for input in all.into_iter().chain(mutations) {
        assert!(catch_unwind(|| check(&input)).is_ok(), "{name}: {input:?}");
    }
}

#[test]
fn accepted_cursor_key_or_table_is_read_back() {
    let seeds = [
        "tickets",
        "billing.invoices",
        "\"acme.example\".orders",
        "public.\"a\"\"b\"",
        "tickets,\"a,b\".c",
        "id=42",
        "order=7&line=2",
        "email=\"NULL\"",
        "a%3Db=c+d",
        "id=NULL",
        "1795339267000000-0193c2aa00007000800000000000008d",
        "0193c2aa-0000-7000-8000-00000000008d",
        "1795339267000000-100-101-",
        "1795339267000000-850-733-731.1500000_734._735more",
        "truncate",
        "error",
    ];
    check_inputs("cursor", &seeds, properties::check_cursor);
}

#[test]
fn accepted_time_is_read_back() {
    let seeds = [
        "2026-11-22T09:30:12Z",
        "2026-11-22T09:30:12.123456-03:30",
        "2026-11-22T09:30",
        "2026-11-22T09:30\n2026-11-21T00:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "24h",
    ];
    check_inputs("time", &seeds, properties::check_time);
}

#[test]
fn accepted_filter_is_read_back() {
    let seeds = [
        "from=2026-01-01T00:00&to=2026-02-01T00:00&table=tickets&key=id=1&operation=update&field=subject",
        "table=tickets&key=order%3D7%26line%3D2",
        "actor=user:42&action=ticket.closed&correlation_id=case-1&request_id=req-1",
        "older=1795339267000000-0193c2aa00007000800000000000008d",
        "newer=1795339267000000-0193c2aa00007000800000000000008d&from=",
        "admin:a:b c",
        r#"{"actor":"user:42","table":"tickets","key":"id=1"}"#,
    ];
    check_inputs("filter", &seeds, properties::check_filter);
}

#[test]
fn accepted_json_of_actor_or_context_is_read_back() {
    let seeds = [
        r#"{"type":"user","id":"42"}"#,
        r#"{"type":"anonymous"}"#,
        r#"{"actor_ref":{"type":"job","id":"sweep"},"on_behalf_of":{"type":"user","id":"7"},"request_id":"req-1","correlation_id":"case-1","job_id":9}"#,
        r#"{"actor_ref":null,"request_id":"req-1"}"#,
        "service_account",
        "admin:a:b c",
    ];
    check_inputs("actor", &seeds, properties::check_actor);
}

#[test]
fn accepted_configuration_is_read_back() {
    let seeds = [
        "storage_schema = \"audit\"\n[capture]\nalways = true\n[capture.tables.users]\nmask = [\"email\"]\nmode = \"row\"\n",
        "[capture.tables.\"acme.example\"]\nexclude = [\"a\", \"b\"]\nprimary_key = [\"id\"]\ntruncate = \"rows\"\n",
        "[health]\nexpected_uncovered_tables = [\"jobs\"]\naudit_anyway = [\"a.b\"]\n[verify_coverage]\nexpected_tables = [\"t\"]\n",
        "threadline",
    ];
    check_inputs("configuration", &seeds, properties::check_configuration);
}
