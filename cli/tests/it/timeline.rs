//! Tests of `threadline timeline`.

use std::collections::BTreeSet;
use std::process::Stdio;

use crate::support::{Result, command, run, stdout, tickets};
use serde_json::Value;
use sqlx::PgPool;

const DIGITS: &str = "123456789012345678901234567890";

#[sqlx::test(migrations = false)]
async fn timeline_prints_values_of_changes(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sqlx::query("INSERT INTO tickets VALUES (1, 'NULL', $1::text::numeric), (2, '', NULL)")
        .bind(DIGITS)
        .execute(&pool)
        .await?;
    sqlx::raw_sql("UPDATE tickets SET subject = NULL, score = 1.10 WHERE id = 1").execute(&pool).await?;
    sqlx::raw_sql("DELETE FROM tickets WHERE id = 2; TRUNCATE tickets").execute(&pool).await?;

    let role: String = sqlx::query_scalar("SELECT session_user::text").fetch_one(&pool).await?;
    let timeline = stdout(&pool, &["timeline"])?;
    for part in [
        &*format!(
            " (not signed by the application: role {role}) (no action named) update tickets id=1\n  transaction "
        ),
        &format!("\n  score: {DIGITS} -> 1.10\n  subject: \"NULL\" -> NULL\n\n"),
        " insert tickets id=2\n",
        "\n  id: -> 2\n  score: -> NULL\n  subject: -> empty text\n",
        " delete tickets id=2\n",
        "\n  id: 2 ->\n  score: NULL ->\n  subject: empty text ->\n",
        " truncate tickets (no key)\n",
    ] {
        assert!(timeline.contains(part), "{part:?} is not in\n{timeline}");
    }

    let json = stdout(&pool, &["timeline", "--json"])?;
    assert!(
        json.contains(&format!("\"changed_from\":{{\"score\":{DIGITS},\"subject\":\"NULL\"}}")),
        "{json}"
    );
    assert!(json.contains("\"score\":1.10,"), "{json}");
    let json: Value = serde_json::from_str(&json)?;
    assert_eq!((&json["format_version"], &json["older"]), (&1.into(), &Value::Null));
    let operations: Vec<_> = json["entries"].as_array().ok_or("no list")?.iter().map(|e| &e["op"]).collect();
    assert_eq!(operations, ["truncate", "delete", "update", "insert", "insert"]);
    assert_eq!(json["entries"][2]["transaction"]["id"], json["entries"][2]["transaction_id"]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn timeline_prints_partition_large_value_and_clock(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sqlx::raw_sql(
        "CREATE TABLE m (id int PRIMARY KEY) PARTITION BY LIST (id);
         CREATE TABLE \"m 1\" PARTITION OF m FOR VALUES IN (1)",
    )
    .execute(&pool)
    .await?;
    stdout(&pool, &["gen", "triggers", "--tables", "m", "--capture", "row", "--apply"])?;
    sqlx::raw_sql("TRUNCATE \"m 1\"").execute(&pool).await?;
    sqlx::raw_sql("INSERT INTO tickets VALUES (1)").execute(&pool).await?;
    let digest = "ab".repeat(32);
    sqlx::query("UPDATE threadline.audit_changes SET data_after = $1::jsonb WHERE op = 'insert'")
        .bind(format!(r#"{{"subject": {{"too_large": {{"bytes": 140000000, "sha256": "{digest}"}}}}}}"#))
        .execute(&pool)
        .await?;
    sqlx::raw_sql(
        "SELECT setval('threadline.threadline_clock',
                       threadline.threadline_microseconds(clock_timestamp() + interval '1 hour') * 2 + 1);
         DELETE FROM tickets",
    )
    .execute(&pool)
    .await?;
    let shown = stdout(&pool, &["timeline"])?;
    assert!(shown.contains(" truncate m partition public.\"m 1\"\n"), "{shown}");
    let large = format!("\n  subject: -> too large to keep: 140,000,000 bytes, SHA-256 {digest}\n");
    assert!(shown.contains(&large), "{shown}");
    let json: Value = serde_json::from_str(&stdout(&pool, &["timeline", "--json"])?)?;
    let [deleted, inserted, truncated] = [0, 1, 2].map(|index| &json["entries"][index]);
    let (recorded, clock) = (&deleted["captured_at"], &deleted["clock_at"]);
    let (recorded, clock) = (recorded.as_str().ok_or("no time")?, clock.as_str().ok_or("no clock")?);
    let note = format!("\n  recorded {recorded}; the server's clock said {clock} and had been set back\n");
    assert!(shown.contains(&note) && recorded > clock, "{note} is not in {shown}");
    assert_eq!(truncated["partition_name"], "public.\"m 1\"");
    assert_eq!([&inserted["clock_at"], &inserted["old_pk"], &inserted["partition_name"]], [&Value::Null; 3]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn filters_select_changes_and_errors_name_parameter(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sqlx::raw_sql("INSERT INTO tickets VALUES (1)").execute(&pool).await?;
    for narrow in
        [["--operation", "delete"], ["--from", "2100-01-01T00:00"], ["--to", "2000-01-01T00:00:00Z"]]
    {
        assert!(stdout(&pool, &["timeline", narrow[0], narrow[1]])?.starts_with("Nothing "), "{narrow:?}");
    }
    assert!(stdout(&pool, &["timeline", "--table", "public.tickets", "--from", ""])?.contains("id=1"));
    let cursor = "1795339267000000-0193c2aa00007000800000000000008d";
    for (arguments, words) in [
        (&["--from", "some day"][..], r#"from is "some day": expected a UTC time"#),
        (&["--table", "a."], r#"table is "a.": expected a table"#),
        (&["--from", "2026-01-02T00:00", "--to", "2026-01-01T00:00"], "to is \"2026-01-01T00:00:00Z\""),
        (&["--older", "17\u{1b}"], r#"older is "17\u{1b}": expected"#),
        (&["--older", cursor, "--newer", cursor], "either older or newer"),
    ] {
        let failed = run(&pool, &[&["timeline"], arguments].concat())?;
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(
            failed.stderr.starts_with("threadline: ") && failed.stderr.contains(words),
            "{}",
            failed.stderr
        );
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hostile_text_is_escaped(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let hostile =
        "\u{1b}[2J\u{9b}31m\" -> \"x\n2026-01-01T00:00:00.000000Z user:1 forged\r\u{202e}\u{2066}\u{200b}";
    sqlx::query("INSERT INTO tickets VALUES (1, $1)").bind(hostile).execute(&pool).await?;
    sqlx::raw_sql("CREATE TABLE \"a\nb\" (\"k\te\" text PRIMARY KEY, \"x: 1\n  y\" jsonb)")
        .execute(&pool)
        .await?;
    stdout(&pool, &["gen", "triggers", "--tables", "a\nb", "--apply"])?;
    sqlx::query("INSERT INTO \"a\nb\" VALUES ($1, jsonb_build_array($1))")
        .bind(hostile)
        .execute(&pool)
        .await?;

    let shown = stdout(&pool, &["timeline"])?;
    let hidden = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{200b}".contains(c);
    assert!(!shown.contains(hidden), "{shown:?}");
    let line = r#"\u{1b}[2J\u{9b}31m\" -> \"x\u{a}2026-01-01T00:00:00.000000Z user:1 forged\u{d}\u{202e}\u{2066}\u{200b}""#;
    assert!(shown.contains(&format!("\n  subject: -> \"{line}\n")), "{shown}");
    assert!(shown.contains(&format!(" insert \"a\\u{{a}}b\" \"k\\u{{9}}e\"=\"{line}\n")), "{shown}");
    assert!(shown.contains("\n  \"x: 1\\u{a}  y\": -> [\""), "{shown}");
    assert_eq!(
        shown.lines().count(),
        11,
        "two blocks of 5 and 4 lines, and a blank line after each: {shown}"
    );

    let json = stdout(&pool, &["timeline", "--json"])?;
    assert!(json.ends_with("}\n") && !json.trim_end().contains(|c| hidden(c) || c == '\n'), "{json:?}");
    let json: Value = serde_json::from_str(&json)?;
    assert_eq!(json["entries"][1]["data_after"]["subject"], hostile);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn paging_prints_every_change_once(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sqlx::raw_sql("INSERT INTO tickets SELECT generate_series(1, 25)").execute(&pool).await?;
    let mut seen = BTreeSet::new();
    let mut arguments = vec!["timeline".to_owned(), "--limit".to_owned(), "10".to_owned()];
    for expected in [10, 10, 5] {
        let page = stdout(&pool, &arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
        let keys: Vec<_> = page.lines().filter_map(|line| line.split_once(" insert tickets ")).collect();
        assert_eq!(keys.len(), expected, "{page}");
        seen.extend(keys.into_iter().map(|(_, key)| key.to_owned()));
        assert_eq!(page.contains("newer changes: --newer "), arguments.len() > 3, "{page}");
        arguments.truncate(3);
        match page.lines().find_map(|line| line.strip_prefix("older changes: ")) {
            Some(words) => arguments.extend(words.split(' ').map(str::to_owned)),
            None => assert_eq!(expected, 5, "{page}"),
        }
    }
    assert_eq!(seen.len(), 25);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn closed_pipe_is_not_an_error(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sqlx::raw_sql("INSERT INTO tickets SELECT i, repeat('x', 1000) FROM generate_series(1, 300) AS i")
        .execute(&pool)
        .await?;
    let mut child = command(&pool)?
        .args(["timeline", "--limit", "1000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    drop(child.stdout.take());
    let ended = child.wait_with_output()?;
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr)?.as_str()), (Some(0), ""));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn missed_changes_are_warned_about_on_standard_error(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let trail = threadline::AuditTrail::new(pool.clone());
    let (config, schemas) = (threadline::Config::default(), threadline::health::Schemas::All);
    for switch in ["DISABLE", "ENABLE"] {
        let sql = format!(
            "ALTER TABLE tickets {switch} TRIGGER ALL; INSERT INTO tickets VALUES ({}, 'a', 1)",
            switch.len()
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&pool).await?;
        trail.record_coverage(&trail.coverage(&config, &schemas).await?, &[]).await?;
    }
    for arguments in [&["timeline"][..], &["history", "tickets", "6"], &["actor", "user"]] {
        let output = run(&pool, arguments)?;
        let warning = "warning: Changes of tickets may be missing before ";
        assert!(
            output.stderr.starts_with(warning) && output.stderr.lines().count() == 1,
            "{}",
            output.stderr
        );
        assert!(output.stderr.contains(": A trigger is disabled"), "{}", output.stderr);
        assert!(!output.stdout.contains("missing before"), "{}", output.stdout);
    }
    for arguments in [&["timeline", "--table", "other"][..], &["timeline", "--to", "2001-01-01"]] {
        let output = run(&pool, arguments)?;
        assert!(!output.stderr.contains("may be missing"), "{}", output.stderr);
    }
    Ok(())
}
