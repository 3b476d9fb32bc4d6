//! Tests that every command with a filter takes every key of the filter.

use sqlx::PgPool;
use threadline::query::FILTER_KEYS;

use crate::support::help_desk::{CHANGE_COUNT, entries, json, seed, words};
use crate::support::{Result, run, stdout};

#[sqlx::test(migrations = false)]
async fn every_filter_option_selects_same_changes_in_timeline_and_count(pool: PgPool) -> Result {
    seed(&pool).await?;
    assert_eq!(entries(&json(&pool, &["timeline"])?).len(), CHANGE_COUNT);
    let escalated = ["lines:1,7:insert", "tickets:1:update"];
    for (options, expected) in [
        (&["--table", "lines"][..], &["lines::truncate", "lines:1,7:insert"][..]),
        (&["--table", "lines", "--key", "order=7&line=1"], &["lines:1,7:insert"]),
        (&["--operation", "delete"], &["tickets:2:delete"]),
        (&["--field", "score"], &["tickets:1:update"]),
        (&["--actor", "user:ann"], &escalated),
        (&["--actor", "admin"], &["lines::truncate"]),
        (&["--action", "ticket.opened"], &["tickets:2:insert"]),
        (&["--correlation-id", "case-1", "--table", "tickets"], &["tickets:1:update", "tickets:1:update"]),
        (&["--request-id", "req-1"], &escalated),
        (&["--table", "lines,accounts", "--operation", "-truncate"], &["lines:1,7:insert"]),
        (
            &["--actor", "user:ann", "--actor", "admin"],
            &["lines::truncate", "lines:1,7:insert", "tickets:1:update"],
        ),
        (&["--actor", "user:ann,job", "--actor=-admin:root", "--field", "score"], &["tickets:1:update"]),
        (
            &["--actor", "user", "--operation", "-insert", "--field", "-score"],
            &["tickets:2:delete", "tickets:1:update"],
        ),
        (&["--on-behalf-of", "user:bob"], &["tickets:1:update"]),
        (&["--on-behalf-of", "user:ann,-user:bob"], &[]),
        (&["--actor", "none", "--table", "tickets"], &["tickets:1:insert"]),
        (&["--from", "2100-01-01T00:00"], &[]),
        (&["--to", "2000-01-01T00:00"], &[]),
    ] {
        assert_eq!(words(&json(&pool, &[&["timeline"], options].concat())?), expected, "{options:?}");
        let counted = json(&pool, &[&["count"], options].concat())?;
        assert_eq!((&counted["count"], &counted["more"]), (&expected.len().into(), &false.into()));
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn invalid_option_error_names_key_value_and_expected(pool: PgPool) -> Result {
    let (long, too_long) = ("x".repeat(300), "x".repeat(1_001));
    for key in &FILTER_KEYS {
        let value = match key.name {
            "table" => "a.",
            "key" => "42",
            "operation" => "UPDATE",
            "actor" => "robot:1",
            "from" | "to" => "some day",
            "value" => &too_long,
            _ => &long,
        };
        let option = format!("--{}", key.name.replace('_', "-"));
        for command in [&["timeline"][..], &["count"], &["history", "tickets", "id=1"], &["correlation", "c"]]
        {
            let is_argument = command[0] == "history" && ["table", "key"].contains(&key.name)
                || command[0] == "correlation" && key.name == "correlation_id";
            let failed = run(&pool, &[command, &[&option, value]].concat())?;
            assert_eq!(failed.code, Some(if is_argument { 2 } else { 1 }), "{command:?} {option}");
            // An error never contains the value that was searched.
            let shown = if key.name == "value" { "(1001 bytes)" } else { value };
            let words = format!("threadline: {} is {shown:?}: expected {}\n", key.name, key.expected);
            assert!(is_argument || (failed.stderr == words && failed.stdout.is_empty()), "{}", failed.stderr);
        }
        // A list may be given in parts.
        let twice = run(&pool, &["timeline", &option, value, &option, value])?;
        assert_eq!(twice.code, Some(if key.is_list { 1 } else { 2 }), "{option}");
        let help = stdout(&pool, &["timeline", "--help"])?;
        assert!(help.contains(&option) && help.contains(key.meaning), "{help}");
    }
    for (arguments, words) in [
        (&["timeline", "--key", "id=1"][..], r#"key is "id=1": expected the key of a record"#),
        (
            &["count", "--from", "2026-01-02T00:00", "--to", "2026-01-01T00:00"],
            r#"to is "2026-01-01T00:00:00Z": expected a time that is not before from"#,
        ),
        (&["history", "", ""], r#"table is "": expected a table"#),
        (&["history", "tickets", " "], r#"key is " ": expected the key of a record"#),
        (&["history", "tickets", "id=1&\u{1b}"], r#"key is "id=1&\u{1b}": expected the key of a record"#),
        (&["correlation", " "], r#"correlation_id is " ": expected an id"#),
    ] {
        let failed = run(&pool, arguments)?;
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(failed.stderr.starts_with(&format!("threadline: {words}")), "{}", failed.stderr);
    }
    Ok(())
}
