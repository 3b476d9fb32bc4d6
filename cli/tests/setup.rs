//! Installing, capturing, and what stands in the way.

mod support;

use std::process::Command;

use sqlx::PgPool;
use support::{Result, command, output, run, said, tickets};

#[sqlx::test(migrations = false)]
async fn installing_twice_says_the_same(pool: PgPool) -> Result {
    let first = output(&pool, &["install"])?;
    assert!(first.starts_with("Schema threadline is up to date"), "{first}");
    assert_eq!(output(&pool, &["install"])?, first);
    let other = output(&pool, &["install", "--storage-schema", "audit"])?;
    assert!(other.contains("Schema audit is"), "{other}");
    let empty = output(&pool, &["--storage-schema", "audit", "timeline"])?;
    assert_eq!(empty, "No change has been captured yet.\n");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn capturing_is_all_or_nothing(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sqlx::raw_sql("CREATE SCHEMA billing; CREATE TABLE billing.invoices (id int PRIMARY KEY)")
        .execute(&pool)
        .await?;
    let failed = run(&pool, &["gen", "triggers", "--tables", "billing.invoices,nowhere", "--apply"])?;
    assert_eq!((failed.code, failed.out.as_str()), (Some(1), ""));
    assert!(failed.err.contains("table nowhere does not exist"), "{}", failed.err);
    sqlx::query("INSERT INTO billing.invoices VALUES (1)").execute(&pool).await?;

    let done = output(&pool, &["gen", "triggers", "--tables", "tickets, billing.invoices", "--apply"])?;
    assert_eq!(done, "Captured from now on: tickets, billing.invoices.\n");
    sqlx::query("INSERT INTO billing.invoices VALUES (2)").execute(&pool).await?;
    let timeline = output(&pool, &["timeline"])?;
    assert!(timeline.contains("insert billing.invoices id=2") && !timeline.contains("id=1"), "{timeline}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_table_is_captured_in_the_mode_that_is_asked_for(pool: PgPool) -> Result {
    tickets(&pool).await?;
    for (mode, per_row) in [("row", true), ("statement", false)] {
        output(&pool, &["gen", "triggers", "--tables", "tickets", "--capture", mode, "--apply"])?;
        let found: bool = sqlx::query_scalar(
            "SELECT bool_or(tgtype & 1 = 1) FROM pg_trigger WHERE tgrelid = 'tickets'::regclass AND NOT tgisinternal",
        )
        .fetch_one(&pool)
        .await?;
        assert_eq!(found, per_row, "{mode}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn without_a_trail_nothing_is_captured(pool: PgPool) -> Result {
    sqlx::raw_sql("CREATE TABLE tickets (id bigint PRIMARY KEY)").execute(&pool).await?;
    let nil = uuid::Uuid::nil().to_string();
    for schema in ["threadline", "public"] {
        for arguments in [
            &["gen", "triggers", "--tables", "tickets", "--apply"][..],
            &["timeline"],
            &["transaction", &nil],
        ] {
            let failed = run(&pool, &[arguments, &["--storage-schema", schema]].concat())?;
            assert_eq!((failed.code, failed.out.as_str()), (Some(1), ""), "{arguments:?}");
            assert!(failed.err.contains(&format!("schema {schema} of this")), "{}", failed.err);
            assert!(failed.err.contains("`threadline install`"), "{}", failed.err);
        }
    }
    sqlx::query("INSERT INTO tickets VALUES (1)").execute(&pool).await?;
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_missing_or_wrong_address_is_one_sentence(pool: PgPool) -> Result {
    for (url, words) in [
        (None, "pass --database-url or set DATABASE_URL"),
        (Some(" "), "pass --database-url or set DATABASE_URL"),
        (Some("tickets.db"), "the database URL is not of the form postgres://"),
        (Some("postgres://nobody:secret@127.0.0.1:1/x"), "the database cannot be reached"),
    ] {
        let mut threadline = Command::new(env!("CARGO_BIN_EXE_threadline"));
        threadline.env_remove("DATABASE_URL").arg("timeline");
        if let Some(url) = url {
            threadline.args(["--database-url", url]);
        }
        let failed = said(threadline.output()?)?;
        assert_eq!((failed.code, failed.err.lines().count()), (Some(1), 1), "{}", failed.err);
        assert!(failed.err.contains(words) && !failed.err.contains("secret"), "{}", failed.err);
    }
    let help = said(command(&pool)?.args(["timeline", "--help"]).output()?)?;
    assert!(!help.out.contains("postgres://auditor"), "{}", help.out);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_command_line_that_cannot_be_understood_ends_with_2(pool: PgPool) -> Result {
    for (arguments, words) in [
        (&["gen", "triggers"][..], "--tables"),
        (&["gen", "triggers", "--tables", "tickets,", "--apply"], "a table has no name"),
        (&["gen", "triggers", "--tables", "tickets", "--capture", "rows", "--apply"], "statement, row"),
        (&["timeline", "--limit", "0"], "1..=1000"),
        (&["timeline", "--limit", "1001"], "1..=1000"),
        (&["timeline", "--storage-schema", "a b"], "letters, digits and underscores"),
        (&["transaction"], "<ID>"),
    ] {
        let refused = run(&pool, arguments)?;
        assert_eq!(refused.code, Some(2), "{arguments:?}");
        assert!(refused.err.contains(words), "{arguments:?}: {}", refused.err);
    }
    Ok(())
}
