//! The search for a value in the console: the form, the chip, what was not searched, files, newer changes, and a value that is in no log.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use sqlx::PgPool;
use threadline::capture::TablePolicy;
use threadline::{AuditTrail, Predicate, Scope};
use threadline_server::Access;
use threadline_testkit::database::{install, run};
use threadline_testkit::html::words;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use url::form_urlencoded;

use crate::support::{Result, console_of, get, mounted};

/// Two users, whose hash is left out and whose phone is masked, and a ticket.
async fn desk(pool: &PgPool) -> Result<AuditTrail> {
    let trail = install(pool).await?;
    run(
        pool,
        "CREATE TABLE users (id int PRIMARY KEY, email text, password_hash text, phone text);
         CREATE TABLE tickets (id int PRIMARY KEY, subject text)",
    )
    .await?;
    let users = TablePolicy::new("users").exclude(["password_hash"]).mask(["phone"]);
    trail.capture([users, TablePolicy::new("tickets")]).await?;
    run(pool, "INSERT INTO users VALUES (1, 'berta@old.example', 'secret', '4711')").await?;
    run(pool, "UPDATE users SET email = 'berta@new.example'").await?;
    run(pool, "INSERT INTO users VALUES (2, 'carl@example.org', 'secret', '0815')").await?;
    run(pool, "INSERT INTO tickets VALUES (5041, '<b>100%</b> of Berta''s invoice')").await?;
    Ok(trail)
}

fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

const NOT_RECORDED: &str = "password_hash of users is not recorded, so it was not searched, except where an earlier policy recorded it.";
const MASKED: &str = "phone of users is masked, so it was not searched";

#[sqlx::test(migrations = false)]
async fn page_shows_what_was_found_and_what_was_not_searched(pool: PgPool) -> Result {
    desk(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for (pairs, count, says, hides) in [
        (&[("value", "berta")][..], "3 changes", &[NOT_RECORDED, MASKED, "Value: berta"][..], &[][..]),
        (&[("value", "berta"), ("table", "tickets")], "1 change", &[], &["not searched"]),
        (&[("value", "=berta@old.example"), ("field", "email")], "2 changes", &[], &["not searched"]),
        (
            &[("value", "secret"), ("table", "users"), ("field", "password_hash")],
            "0 changes",
            &[
                "Nothing changed password_hash of users from or to a value that contains \"secret\".",
                NOT_RECORDED,
            ],
            &[MASKED],
        ),
        (&[("value", "4711"), ("field", "phone")], "0 changes", &[MASKED], &["not recorded"]),
        (&[("value", "100%")], "1 change", &[], &[]),
        (&[("value", "<b>"), ("table", "tickets")], "1 change", &["Value: &lt;b&gt;"], &[]),
        (
            &[("table", "tickets"), ("field", "Subject"), ("value", "berta")],
            "0 changes",
            &["field called \"Subject\""],
            &[],
        ),
        (
            &[("table", "users"), ("value", "dora")],
            "0 changes",
            &["Only the value dora excludes everything. Without it: 3 changes."],
            &[],
        ),
    ] {
        let (status, html) = get(&app, &format!("/audit/timeline?{}", query(pairs))).await?;
        let text = words(&html);
        assert_eq!(status, StatusCode::OK, "{pairs:?}: {text}");
        assert!(text.contains(count), "{pairs:?}: {text}");
        says.iter().for_each(|words| assert!(text.contains(words), "{pairs:?} {words}: {text}"));
        hides.iter().for_each(|words| assert!(!text.contains(words), "{pairs:?} {words}: {text}"));
        assert!(!html.contains("<b>100"), "values are text");
    }
    let (_, html) = get(&app, "/audit/timeline?table=users&value=berta%22%3E").await?;
    assert!(html.contains(r#"name="value" value="berta&quot;&gt;""#), "the form has the value: {html}");
    assert!(
        html.contains(r#"<a href="/audit/timeline?table=users" aria-label="Remove the filter Value""#),
        "{html}"
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn scoped_reader_learns_nothing_of_other_tables(pool: PgPool) -> Result {
    desk(&pool).await?;
    for (scope, found) in [
        (Scope::new(Predicate::tables(["tickets"])), "1 change"),
        (Scope::new(Predicate::field("email", "carl@example.org")), "0 changes"),
    ] {
        let app = mounted(&pool, Access::AllowWithin(scope));
        let (_, html) = get(&app, "/audit/timeline?value=berta").await?;
        let text = words(&html);
        assert!(text.contains(found) && !text.contains("password_hash") && !text.contains("phone"), "{text}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn files_and_newer_changes_have_the_value(pool: PgPool) -> Result {
    desk(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let (status, file) = get(&app, "/audit/exports/changes.ndjson?value=%3Dberta@new.example").await?;
    assert_eq!(
        (status, file.lines().filter(|line| line.contains("\"op\"")).count()),
        (StatusCode::OK, 1),
        "{file}"
    );
    let (_, html) = get(&app, "/audit/timeline?value=berta").await?;
    assert!(html.contains("/audit/exports/changes.csv?value=berta"), "{html}");
    let since = "1000000-0-1-";
    let newer = format!("/audit/api/newer_changes?{}", query(&[("query", "value=berta"), ("since", since)]));
    let (status, count) = get(&app, &newer).await?;
    assert!(status == StatusCode::OK && count.contains("\"count\":3"), "{status} {count}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hostile_value_is_a_text_or_a_named_mistake(pool: PgPool) -> Result {
    desk(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for value in [
        "'",
        "\"",
        "\\",
        "%",
        "_",
        "';--",
        "\u{202e}x\u{2066}",
        "{}",
        "[",
        "$.*",
        "\u{7f}",
        "\r\n",
        "=\\u0000",
        "🦀",
    ] {
        for address in ["/audit/timeline", "/audit/exports/changes.json"] {
            let (status, body) = get(&app, &format!("{address}?{}", query(&[("value", value)]))).await?;
            // White space alone is no value, which the address is corrected for.
            let is_blank = value.trim().is_empty() && address.ends_with("timeline");
            let expected = if is_blank { StatusCode::SEE_OTHER } else { StatusCode::OK };
            assert_eq!(status, expected, "{value:?}: {body}");
        }
    }
    for value in ["x".repeat(10_240), "=".to_owned() + &"x".repeat(1_001), "a\0b".to_owned()] {
        for address in ["/audit/timeline", "/audit/exports/changes.json"] {
            let (status, body) = get(&app, &format!("{address}?{}", query(&[("value", &value)]))).await?;
            let text = words(&body);
            assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
            let is_named =
                text.to_lowercase().contains("value is") && text.contains("a text of 1 to 1000 bytes");
            assert!(is_named, "{text}");
        }
    }
    Ok(())
}

/// A subscriber that keeps everything that is logged or traced, at every level.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn write(&self) -> Lines<'_> {
        Lines(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Lines<'a>(std::sync::MutexGuard<'a, String>);

impl Visit for Lines<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _infallible = writeln!(self.0, "{}={value:?}", field.name());
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.write());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.write());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.write());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Searches for a marker, with and without an answer of the database, and checks that no event and no span contains it.
#[sqlx::test(migrations = false)]
async fn value_is_in_no_log(pool: PgPool) -> Result {
    const MARKER: &str = "zebra-4711-crossing";
    let trail = desk(&pool).await?;
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let long = MARKER.repeat(600);
    let twice = query(&[("value", MARKER), ("value", MARKER)]);
    let newer = |pairs: &[(&str, &str)]| {
        format!("/audit/api/newer_changes?{}", query(&[("query", &query(pairs)), ("since", "1000000-0-1-")]))
    };
    let addresses = [
        format!("/audit/timeline?{}", query(&[("value", MARKER)])),
        format!(
            "/audit/timeline?{}",
            query(&[("value", &format!("={MARKER}")), ("field", "email"), ("table", "users")])
        ),
        format!(
            "/audit/timeline?{}",
            query(&[("value", MARKER), ("actor", "user:1"), ("from", "2026-01-01T00:00")])
        ),
        format!("/audit/exports/changes.csv?{}", query(&[("value", MARKER)])),
        newer(&[("value", MARKER)]),
        // Mistakes.
        format!("/audit/timeline?{}", query(&[("value", &long)])),
        format!("/audit/timeline?{}", query(&[("value", MARKER), ("from", "some day")])),
        format!("/audit/timeline?{twice}"),
        format!("/audit/exports/changes.csv?{twice}"),
        newer(&[("value", &long)]),
        newer(&[("value", MARKER), ("value", MARKER)]),
    ];
    let app = mounted(&pool, Access::Allow);
    for address in &addresses {
        get(&app, address).await?;
    }
    // A statement that times out, slow statements, and errors of the database.
    run(&pool, "INSERT INTO tickets SELECT n, repeat('x', 1000) FROM generate_series(1, 5000) AS n").await?;
    let hasty = console_of(trail.statement_timeout(Duration::from_millis(1)), Access::Allow);
    let hasty = axum::Router::new().nest("/audit", hasty.into_router());
    let mut failures = 0;
    for address in &addresses {
        failures += usize::from(get(&hasty, address).await?.0.is_server_error());
    }
    assert!(failures > 0, "a statement timed out");
    run(&pool, "ALTER TABLE threadline.audit_changes RENAME COLUMN data_after TO hidden").await?;
    failures = 0;
    for address in &addresses {
        failures += usize::from(get(&app, address).await?.0.is_server_error());
    }
    assert!(failures >= 5, "the database returned errors");
    let logged = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let line = logged.lines().find(|line| line.contains("zebra"));
    assert_eq!(line, None);
    assert!(
        logged.contains("the audit trail could not be read") && logged.contains("jsonb_each_text"),
        "{logged}"
    );
    Ok(())
}
