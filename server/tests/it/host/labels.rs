//! Labels of records, from the recorded changes.

use sqlx::PgPool;
use threadline::{Config, Scope};
use threadline_server::Access;
use threadline_testkit::database::run;
use threadline_testkit::html::{part, visible_text};

use super::{WORDS, builder, heading, installed, mounted, page};
use crate::support::Result;

#[sqlx::test(migrations = false)]
async fn record_keeps_the_label_that_it_had(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    let app = mounted(builder(trail, config, Access::Allow))?;
    for (sql, expected) in [
        ("INSERT INTO tickets VALUES (1, 'Printer on fire')", "Ticket #1 · Printer on fire"),
        ("UPDATE tickets SET subject = 'Printer is back'", "Ticket #1 · Printer is back"),
        ("UPDATE tickets SET priority = 'low'", "Ticket #1 · Printer is back"),
        ("UPDATE tickets SET subject = NULL, title = 'A title'", "Ticket #1 · A title"),
        ("UPDATE tickets SET title = E' \\n\\t'", "Ticket #1"),
        ("UPDATE tickets SET subject = E'two\\n  lines'", "Ticket #1 · two lines"),
        ("DELETE FROM tickets", "Ticket #1 · two lines"),
        (
            "INSERT INTO tickets VALUES (1, repeat('long ', 30))",
            &format!("Ticket #1 · {}…", "long ".repeat(16).trim()),
        ),
    ] {
        run(&pool, sql).await?;
        let html = page(&app, "/rows/tickets/id%3D1").await?;
        assert_eq!(heading(&html), expected, "{sql}");
        assert!(html.contains(&format!("<title>{expected} · Threadline</title>")), "{sql}: {html}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn deleted_row_that_was_not_kept_has_the_label_of_its_last_version(pool: PgPool) -> Result {
    let config = Config::from_toml(&format!("{WORDS}\n[capture.tables.tickets]\nstore_deleted_row = false"))?;
    let trail = installed(&pool, &config).await?;
    let app = mounted(builder(trail, config, Access::Allow))?;
    for sql in ["INSERT INTO tickets VALUES (1, 'Printer')", "DELETE FROM tickets"] {
        run(&pool, sql).await?;
    }
    assert_eq!(heading(&page(&app, "/rows/tickets/id%3D1").await?), "Ticket #1 · Printer");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn earlier_label_is_in_the_heading_of_that_time(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    let app = mounted(builder(trail, config, Access::Allow))?;
    run(&pool, "INSERT INTO tickets VALUES (1, 'Printer on fire')").await?;
    let at: String = sqlx::query_scalar(
        r#"SELECT to_char(captured_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM threadline.audit_changes"#,
    )
    .fetch_one(&pool)
    .await?;
    let address = format!("/rows/tickets/id%3D1?as_of={at}");
    let panel = |html: &str| visible_text(part(html, "<h2 id=\"as-of-heading\">", "</h2>"));
    assert!(!panel(&page(&app, &address).await?).contains("Printer"));
    run(&pool, "UPDATE tickets SET subject = 'Printer is back'").await?;
    let html = page(&app, &address).await?;
    assert_eq!(heading(&html), "Ticket #1 · Printer is back");
    assert!(panel(&html).ends_with("UTC: Printer on fire"), "{html}");
    let html = page(&app, &format!("/rows/tickets/id%3D1?compare={at}&with={at}")).await?;
    let compared = visible_text(part(&html, "<h2 id=\"compare-heading\">", "</h2>"));
    assert_eq!(compared, "Two versions side by side: Ticket #1");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn redacted_column_gives_no_label(pool: PgPool) -> Result {
    let plain = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &plain).await?;
    run(&pool, "INSERT INTO tickets VALUES (1, 'secret before', NULL, 'low')").await?;
    for (redaction, insert) in [
        ("mask = ['subject']", "INSERT INTO tickets VALUES (2, 'secret masked')"),
        (
            "mask = ['subject']\nmask_placeholder = 'hidden'",
            "INSERT INTO tickets VALUES (3, 'secret hidden')",
        ),
        ("exclude = ['subject']", "INSERT INTO tickets VALUES (4, 'secret excluded')"),
    ] {
        let config = Config::from_toml(&format!("{WORDS}\n[capture.tables.tickets]\n{redaction}"))?;
        trail.capture([config.policy("tickets")]).await?;
        run(&pool, insert).await?;
        let app = mounted(builder(trail.clone(), config, Access::Allow))?;
        for id in 1..=4 {
            let html = page(&app, &format!("/rows/tickets/id%3D{id}")).await?;
            assert_eq!(heading(&html), format!("Ticket #{id}"), "{redaction}: {html}");
        }
    }
    // Without the configuration, the placeholder that capture uses by default is still not taken for a label.
    let app = mounted(builder(trail, plain, Access::Allow))?;
    assert_eq!(heading(&page(&app, "/rows/tickets/id%3D2").await?), "Ticket #2");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn configured_columns_are_tried_in_their_order(pool: PgPool) -> Result {
    let trail = installed(&pool, &Config::default()).await?;
    run(&pool, "INSERT INTO tickets VALUES (1, 'Subject', NULL, 'low'), (2, 'Subject', 'Title', 'low')")
        .await?;
    for (label, expected) in [
        ("'subject'", ["Subject", "Subject"]),
        ("['title', 'priority']", ["low", "Title"]),
        ("['nowhere', 'title']", ["", "Title"]),
        ("'id'", ["", ""]),
        ("[]", ["", ""]),
    ] {
        let config = Config::from_toml(&format!("[console.tables.tickets]\nlabel = {label}"))?;
        let app = mounted(builder(trail.clone(), config, Access::Allow))?;
        for (id, expected) in (1..).zip(expected) {
            let expected = if expected.is_empty() { String::new() } else { format!(" · {expected}") };
            let html = page(&app, &format!("/rows/tickets/id%3D{id}")).await?;
            assert_eq!(heading(&html), format!("tickets {id}{expected}"), "{label}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn label_shows_nothing_that_a_scope_hides(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    run(
        &pool,
        "INSERT INTO tickets VALUES (1, 'Printer'); INSERT INTO accounts VALUES (1, 'ann@example.org')",
    )
    .await?;
    let app = mounted(builder(trail, config, Access::AllowWithin(Scope::tables(["tickets"]))))?;
    assert_eq!(heading(&page(&app, "/rows/tickets/id%3D1").await?), "Ticket #1 · Printer");
    for address in ["", "/timeline?from=", "/rows/accounts/id%3D1"] {
        let html = page(&app, address).await?;
        assert!(!html.contains("ann@example.org"), "{address}: {html}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hostile_label_is_visible_text(pool: PgPool) -> Result {
    let config = Config::from_toml(WORDS)?;
    let trail = installed(&pool, &config).await?;
    run(&pool, "INSERT INTO tickets VALUES (1, U&'</title><script>alert(1)</script>\\202Eevil\\200B')")
        .await?;
    let app = mounted(builder(trail, config, Access::Allow))?;
    let html = page(&app, "/rows/tickets/id%3D1").await?;
    assert!(!html.contains("<script>alert") && !html.contains("</title><script>"), "{html}");
    let heading = heading(&html);
    assert!(heading.ends_with("⟨U+202E⟩evil⟨U+200B⟩") && heading.contains("&lt;script&gt;"), "{heading}");
    assert!(!part(&html, "<title>", "</title>").contains('\u{202e}'), "{html}");
    Ok(())
}
