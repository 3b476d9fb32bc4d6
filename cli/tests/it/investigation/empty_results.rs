//! Tests the messages for empty results.

use sqlx::PgPool;

use crate::support::help_desk::{json, seed};
use crate::support::{Result, run, stdout, tickets};

#[sqlx::test(migrations = false)]
async fn empty_trail_and_empty_result_have_different_messages(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let commands = [
        &["timeline", "--table", "tickets"][..],
        &["count"],
        &["history", "tickets", "id=1"],
        &["correlation", "c"],
        &["actor", "user"],
    ];
    for arguments in commands {
        assert_eq!(stdout(&pool, arguments)?, "No change has been captured yet.\n", "{arguments:?}");
        json(&pool, arguments)?;
    }
    sqlx::raw_sql("INSERT INTO tickets VALUES (2)").execute(&pool).await?;
    for arguments in [&["timeline", "--operation", "delete"][..], commands[3]] {
        assert!(stdout(&pool, arguments)?.starts_with("Nothing "), "{arguments:?}");
    }
    let nothing = stdout(&pool, commands[2])?;
    assert!(
        nothing.starts_with("Nothing changed ticket 1.\nThere are no changes of ticket 1.\n"),
        "{nothing}"
    );
    assert!(nothing.contains("\nKeys are matched by their text; "), "{nothing}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn unknown_table_or_invalid_key_is_an_error(pool: PgPool) -> Result {
    seed(&pool).await?;
    for (arguments, words) in [
        (
            &["timeline", "--table", "bare"][..],
            "there is no audited table \"bare\": capture it, or choose another table",
        ),
        (
            &["timeline", "--table", "bare\n"],
            "there is no audited table \"bare\": capture it, or choose another table",
        ),
        (&["timeline", "--table", "no\u{1b}where", "--json"], r#"there is no audited table "no\u{1b}where""#),
        (
            &["count", "--table", "nowhere"],
            "there is no audited table \"nowhere\": capture it, or choose another table",
        ),
        (
            &["count", "--table", "nowhere", "--key", "id=1"],
            "there is no audited table \"nowhere\": capture it, or choose another table",
        ),
        (&["count", "--table", "tickets", "--key", "nr=1"], "records of tickets have the key id, not nr"),
        (
            &["history", "bare", "id=1"],
            "there is no audited table \"bare\": capture it, or choose another table",
        ),
        (&["history", "lines", "line=1"], "records of lines have the key line, order, not line"),
        (&["history", "tickets", "n%0Ar=1"], "key is"),
        (&["history", "tickets", "id=1&nr=\u{202e}1"], "records of tickets have the key id, not id, nr"),
        (
            &["correlation", "case-1", "--table", "bare"],
            "there is no audited table \"bare\": capture it, or choose another table",
        ),
    ] {
        let failed = run(&pool, arguments)?;
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(failed.stderr.starts_with(&format!("threadline: {words}")), "{}", failed.stderr);
        assert_eq!(failed.stderr.lines().count(), 1, "{}", failed.stderr);
    }
    // The table is captured, but has no changes yet.
    assert!(
        stdout(&pool, &["timeline", "--table", "fresh"])?.starts_with("Nothing changed a record of fresh.\n")
    );
    assert!(stdout(&pool, &["history", "fresh", "id=1"])?.starts_with("Nothing changed fresh 1.\n"));
    // The table is not captured any more, but its changes are still in the trail.
    sqlx::raw_sql("ALTER TABLE tickets RENAME TO old").execute(&pool).await?;
    let narrow = stdout(&pool, &["timeline", "--table", "tickets", "--action", "x"])?;
    assert!(narrow.starts_with("Nothing changed a record of tickets under the action x.\n"), "{narrow}");
    assert!(stdout(&pool, &["history", "tickets", "id=2"])?.contains(" delete tickets id=2\n"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn missing_trail_error_names_install_for_every_command(pool: PgPool) -> Result {
    let nil = uuid::Uuid::nil().to_string();
    let past = "2000-01-01T00:00";
    for arguments in [
        &["timeline"][..],
        &["count"],
        &["history", "tickets", "id=1"],
        &["as-of", "tickets", "id=1", past],
        &["compare", "tickets", "id=1", past, past],
        &["actor", "user:1"],
        &["correlation", "c"],
        &["incident", &nil],
    ] {
        let failed = run(&pool, arguments)?;
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(
            failed.stderr.contains(
                "schema threadline of this database holds no audit trail: run `threadline install`"
            )
        );
    }
    for incomplete in [&["history", "tickets"][..], &["as-of", "tickets", "id=1"], &["actor"], &["incident"]]
    {
        assert_eq!(run(&pool, incomplete)?.code, Some(2), "{incomplete:?}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn json_of_an_empty_result_has_its_explanation(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sqlx::raw_sql("INSERT INTO tickets VALUES (1, 'a')").execute(&pool).await?;
    for arguments in [&["timeline", "--field", "Subjekt"][..], &["history", "tickets", "7"]] {
        let text = stdout(&pool, arguments)?;
        let document: serde_json::Value =
            serde_json::from_str(&stdout(&pool, &[arguments, &["--json"]].concat())?)?;
        let explanation = document["explanation"].as_array().ok_or("no explanation")?;
        let lines: Vec<&str> = explanation.iter().filter_map(serde_json::Value::as_str).collect();
        assert!(!lines.is_empty());
        assert_eq!(text, lines.join("\n") + "\n");
    }
    let found: serde_json::Value = serde_json::from_str(&stdout(&pool, &["timeline", "--json"])?)?;
    assert!(found.get("explanation").is_none(), "{found}");
    Ok(())
}
