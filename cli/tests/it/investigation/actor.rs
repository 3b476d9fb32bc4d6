//! Tests of `threadline actor`.

use sqlx::PgPool;

use crate::support::help_desk::{entries, json, seed};
use crate::support::{Result, run, stdout};

#[sqlx::test(migrations = false)]
async fn actor_prints_transactions(pool: PgPool) -> Result {
    seed(&pool).await?;
    let bob = json(&pool, &["actor", "user:bob"])?;
    let names: Vec<_> = entries(&bob).into_iter().map(|entry| &entry["action"]["name"]).collect();
    assert_eq!(names, ["ticket.deleted", "ticket.opened"]);
    let users = json(&pool, &["actor", "user"])?;
    assert_eq!(entries(&users).len(), 3);

    let text = stdout(&pool, &["actor", "job:sweeper"])?;
    let (first, rest) = text.split_once('\n').ok_or("one line")?;
    assert!(first.ends_with("Z job:sweeper on behalf of user:bob ticket.closed"), "{text}");
    assert!(rest.starts_with("  transaction "), "{text}");
    assert!(rest.ends_with("\n  reason: \"Because\"\n  correlation id: \"case-1\"\n\n"), "{text}");
    let began = users["entries"][2]["occurred_at"].as_str().ok_or("no time")?;
    let window = json(&pool, &["actor", "user", "--from", began, "--to", began])?;
    assert_eq!(entries(&window), [&users["entries"][2]]);
    for nobody in [&["actor", "user:eve"][..], &["actor", "user", "--to", "2000-01-01T00:00"]] {
        assert!(stdout(&pool, nobody)?.starts_with("Nothing changed a record by "), "{nobody:?}");
        assert!(entries(&json(&pool, nobody)?).is_empty());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn invalid_argument_error_names_argument(pool: PgPool) -> Result {
    let cursor = "1795339267000000-0193c2aa00007000800000000000008d";
    for (arguments, words) in [
        (&["robot:1\u{1b}"][..], r#"actor is "robot:1\u{1b}": expected an actor such as user:42"#),
        (&["user:"], r#"actor is "user:": expected an actor"#),
        (&[" "], r#"actor is " ": expected an actor"#),
        (&["user", "--from", "now"], r#"from is "now": expected a UTC time"#),
        (&["user", "--to", "1"], r#"to is "1": expected a UTC time"#),
        (
            &["user", "--from", "2026-01-02T00:00", "--to", "2026-01-01T00:00"],
            r#"to is "2026-01-01T00:00:00Z""#,
        ),
        (&["user", "--older", "x"], r#"older is "x": expected"#),
        (&["user", "--older", cursor, "--newer", cursor], r#"newer is "1795339267000000-"#),
    ] {
        let failed = run(&pool, &[&["actor"], arguments].concat())?;
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(failed.stderr.starts_with(&format!("threadline: {words}")), "{}", failed.stderr);
    }
    Ok(())
}
