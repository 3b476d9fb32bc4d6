//! Why nothing is found.

use sqlx::PgPool;

use crate::desk::{desk, json};
use crate::support::{Result, output, run, tickets};

#[sqlx::test(migrations = false)]
async fn an_empty_trail_is_no_narrow_filter(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let questions = [
        &["timeline", "--table", "tickets"][..],
        &["count"],
        &["history", "tickets", "id=1"],
        &["correlation", "c"],
        &["actor", "user"],
    ];
    for question in questions {
        assert_eq!(output(&pool, question)?, "No change has been captured yet.\n", "{question:?}");
        json(&pool, question)?;
    }
    sqlx::raw_sql("INSERT INTO tickets VALUES (2)").execute(&pool).await?;
    for question in [&["timeline", "--operation", "delete"][..], questions[3]] {
        assert_eq!(output(&pool, question)?, "No change matches.\n", "{question:?}");
    }
    assert!(output(&pool, questions[2])?.starts_with("No change matches.\nKeys are matched by their text; "));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_table_or_key_that_cannot_be_there_is_a_failure(pool: PgPool) -> Result {
    desk(&pool).await?;
    for (arguments, words) in [
        (&["timeline", "--table", "bare"][..], "table bare is not captured"),
        (&["timeline", "--table", "bare\n"], "table bare is not captured"),
        (&["timeline", "--table", "no\u{1b}where", "--json"], r"table no\u{1b}where is not captured"),
        (
            &["count", "--table", "nowhere"],
            "table nowhere is not captured: capture it, or choose another table",
        ),
        (&["count", "--table", "nowhere", "--key", "id=1"], "table nowhere is not captured"),
        (&["count", "--table", "tickets", "--key", "nr=1"], "rows of tickets have the key id, not nr"),
        (&["history", "bare", "id=1"], "table bare is not captured"),
        (&["history", "lines", "line=1"], "rows of lines have the key line, order, not line"),
        (&["history", "tickets", "n%0Ar=1"], "key is"),
        (&["history", "tickets", "id=1&nr=\u{202e}1"], "rows of tickets have the key id, not id, nr"),
        (&["correlation", "case-1", "--table", "bare"], "table bare is not captured"),
    ] {
        let failed = run(&pool, arguments)?;
        assert_eq!((failed.code, failed.out.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(failed.err.starts_with(&format!("threadline: {words}")), "{}", failed.err);
        assert_eq!(failed.err.lines().count(), 1, "{}", failed.err);
    }
    // Captured, and nothing has happened there yet.
    assert_eq!(output(&pool, &["timeline", "--table", "fresh"])?, "No change matches.\n");
    assert_eq!(output(&pool, &["history", "fresh", "id=1"])?, "No change matches.\n");
    // No longer captured, and its past is still there.
    sqlx::raw_sql("ALTER TABLE tickets RENAME TO old").execute(&pool).await?;
    assert_eq!(output(&pool, &["timeline", "--table", "tickets", "--action", "x"])?, "No change matches.\n");
    assert!(output(&pool, &["history", "tickets", "id=2"])?.contains(" delete tickets id=2\n"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn without_a_trail_every_question_says_how_to_install_it(pool: PgPool) -> Result {
    let nil = uuid::Uuid::nil().to_string();
    let past = "2000-01-01T00:00";
    for question in [
        &["timeline"][..],
        &["count"],
        &["history", "tickets", "id=1"],
        &["as-of", "tickets", "id=1", past],
        &["compare", "tickets", "id=1", past, past],
        &["actor", "user:1"],
        &["correlation", "c"],
        &["incident", &nil],
    ] {
        let failed = run(&pool, question)?;
        assert_eq!((failed.code, failed.out.as_str()), (Some(1), ""), "{question:?}");
        assert!(
            failed.err.contains(
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
