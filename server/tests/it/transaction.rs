//! The page of a transaction, and of one that is missing or incomplete.

use std::time::Duration;

use crate::support::{Result, call, finished, get, mounted, with_statement_timeout};
use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Map, json};
use sqlx::PgPool;
use threadline::{Action, ActionStatus, ActorKind, ActorRef, AuditContext, AuditTrail, AuditedWrite, Scope};
use threadline_server::{Access, Console};
use threadline_testkit::database::trail;
use threadline_testkit::html::{part, words};
use tower::ServiceExt;
use uuid::Uuid;

const HOSTILE: &str = "</p><script>alert(1)</script>";

async fn seeded(pool: &PgPool) -> Result {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE tickets (id int PRIMARY KEY, subject text); CREATE TABLE secrets (id int PRIMARY KEY);",
    )
    .execute(pool)
    .await?;
    trail.capture(["tickets", "secrets"]).await?;
    Ok(())
}

fn context(correlation: &str) -> Result<AuditContext> {
    Ok(AuditContext::new(ActorRef::new(ActorKind::User, "42")?).with_correlation_id(correlation)?)
}

async fn write(write: AuditedWrite, statement: &'static str) -> Result<Uuid> {
    let mut tx = write.begin().await?;
    sqlx::raw_sql(statement).execute(&mut *tx).await?;
    Ok(tx.commit().await?.transaction_id)
}

#[sqlx::test(migrations = false)]
async fn transaction_page_shows_everything_recorded_as_text(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let context = context(HOSTILE)?.with_request_id("req-1")?.with_job_id("job-9")?;
    let action = Action::named("tickets.imported")
        .status(ActionStatus::Error)
        .verb("import")
        .category("maintenance")
        .reason(HOSTILE)
        .comment("Stopped half way.");
    let metadata = Map::from_iter([
        ("rows".to_owned(), json!(12_345_678_901_234_567_890_u64)),
        (HOSTILE.to_owned(), json!({ "nested": ["</td>", null] })),
    ]);
    let transaction = write(
        AuditTrail::new(pool.clone()).write(&context).action(action).metadata(metadata),
        "INSERT INTO tickets VALUES (1, 'one')",
    )
    .await?;
    let (status, body) =
        get(&mounted(&pool, Access::Allow), &format!("/audit/transactions/{transaction}")).await?;
    assert_eq!(status, StatusCode::OK);
    for expected in [
        "href=\"/audit/actors/user/42\"",
        "tickets.imported",
        "<span class=\"failed\">failed</span>",
        "This action failed, as the application recorded.",
        "<dd>import</dd>",
        "<dd>maintenance</dd>",
        "Stopped half way.",
        "req-1",
        "job-9",
        "12345678901234567890",
        "{\"nested\": [\"&lt;/td&gt;\", null]}",
        "1 change in 1 table",
        "What <bdi>user:42</bdi> did an hour before and after",
        "/audit/timeline?correlation_id=%3C%2Fp%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E\"",
        "Nothing else happened in this request.",
    ] {
        let body = body.replace("&quot;", "\"");
        assert!(body.contains(expected), "{expected} is missing in {body}");
    }
    assert!(!body.contains("<script>alert"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn transaction_page_shows_source_and_exact_metadata(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let context = context("c-1")?;
    let id =
        write(AuditTrail::new(pool.clone()).write(&context), "INSERT INTO tickets VALUES (1, 'one')").await?;
    let app = mounted(&pool, Access::Allow);
    for (metadata, expected) in [
        (r#"{"price": 1.10, "big": 12345678901234567890.5}"#, ["1.10", "12345678901234567890.5"]),
        ("[1.10, 2.20]", ["value", "[1.10, 2.20]"]),
    ] {
        sqlx::query("UPDATE threadline.audit_transactions SET source = $1, meta = $2::text::jsonb")
            .bind(HOSTILE)
            .bind(metadata)
            .execute(&pool)
            .await?;
        let (_, body) = get(&app, &format!("/audit/transactions/{id}")).await?;
        assert!(body.contains("<dt>Source</dt><dd>&lt;/p&gt;&lt;script&gt;"), "{body}");
        for expected in expected {
            assert!(body.contains(&format!(">{expected}</t")), "{expected} is missing in {body}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn large_transaction_is_counted_by_table_and_paged(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let transaction = write(
        AuditTrail::new(pool.clone()).write(&context("c-1")?).action("tickets.imported"),
        "INSERT INTO tickets SELECT n, 'Imported' FROM generate_series(1, 1200) AS n; INSERT INTO secrets VALUES (1)",
    )
    .await?;
    let app = mounted(&pool, Access::Allow);
    let address = format!("/audit/transactions/{transaction}");
    let (_, first) = get(&app, &address).await?;
    for expected in ["1,201 changes in 2 tables", "1,200 changes", "The newest 100 of 1,201 changes"] {
        assert!(first.contains(expected), "{expected} is missing in {first}");
    }
    let mut seen = 0;
    let mut next = Some(address);
    while let Some(address) = next {
        let (status, body) = get(&app, &address).await?;
        assert_eq!(status, StatusCode::OK);
        seen += body.matches("class=\"change\"").count();
        next = body
            .split("href=\"")
            .filter_map(|part| part.split('"').next())
            .find(|href| href.contains("?older="))
            .map(|href| href.replace("&amp;", "&"));
    }
    assert_eq!(seen, 1_201, "every change once");

    let within = mounted(&pool, Access::AllowWithin(Scope::tables(["secrets"])));
    let (_, body) = get(&within, &format!("/audit/transactions/{transaction}")).await?;
    assert!(body.contains("1 change in 1 table") && !body.contains(">tickets<"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn transaction_page_lists_its_correlation(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let opened = AuditTrail::new(pool.clone()).write(&context("c-1")?).action("ticket.opened");
    let one = write(opened, "INSERT INTO tickets VALUES (1, 'one')").await?;
    let kept = AuditTrail::new(pool.clone()).write(&context("c-1")?).action("secret.kept");
    let secret = write(kept, "INSERT INTO secrets VALUES (1)").await?;
    let closed = AuditTrail::new(pool.clone()).write(&context("c-2")?).action("ticket.closed");
    let other = write(closed, "DELETE FROM tickets").await?;
    let address = format!("/audit/transactions/{one}");
    let (_, body) = get(&mounted(&pool, Access::Allow), &address).await?;
    let related = body.split(">The same request<").nth(1).ok_or("no section")?;
    assert!(related.contains(&secret.to_string()) && related.contains("secret.kept"), "{related}");
    assert!(!related.contains(&one.to_string()) && !related.contains(&other.to_string()), "{related}");
    let within = mounted(&pool, Access::AllowWithin(Scope::tables(["tickets"])));
    let (_, body) = get(&within, &address).await?;
    assert!(
        !body.contains("secret") && body.contains("Nothing else that you may see happened in this request."),
        "{body}"
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn transaction_without_changes_says_so(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let opened = AuditTrail::new(pool.clone()).write(&context("c-1")?).action("ticket.opened");
    let transaction = write(opened, "INSERT INTO tickets VALUES (1, 'one')").await?;
    let app = mounted(&pool, Access::Allow);
    let beyond = format!("/audit/transactions/{transaction}?older=0-00000000000000000000000000000000");
    let (_, body) = get(&app, &beyond).await?;
    assert!(body.contains("There is nothing beyond this point"), "{body}");
    sqlx::query("DELETE FROM threadline.audit_changes").execute(&pool).await?;
    let (status, body) = get(&app, &format!("/audit/transactions/{transaction}")).await?;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("No changes of this transaction are recorded"), "{body}");
    Ok(())
}

fn with_short_timeout(pool: &PgPool) -> Router {
    let console = finished(
        Console::builder(trail(pool))
            .query_timeout(Duration::from_millis(800))
            .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
            .actor_fn(|_| async { None }),
    );
    Router::new().nest("/audit", console.into_router())
}

#[sqlx::test(migrations = false)]
async fn slow_query_returns_503_with_a_narrower_link(pool: PgPool) -> Result {
    seeded(&pool).await?;
    // The query calls this function, so the statement timeout of the database ends it after five seconds, before the console's own
    // timeout.
    sqlx::raw_sql(
        "CREATE OR REPLACE FUNCTION threadline.threadline_table_hash(table_schema text, table_name text) RETURNS int
         LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_catalog.pg_sleep(60); RETURN 0; END $$",
    )
    .execute(&pool)
    .await?;
    let (status, body) =
        get(&with_statement_timeout(&pool), "/audit/timeline?table=tickets&from=2020-01-01T00:00").await?;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    for expected in
        ["This took too long", "Look at the last 30 days", "?table=tickets&amp;from=", "Go to the overview"]
    {
        assert!(body.contains(expected), "{expected} is missing in {body}");
    }
    assert!(!body.contains("SELECT") && !body.contains("audit_changes"), "{body}");
    let mut lock = pool.begin().await?;
    sqlx::raw_sql("LOCK TABLE threadline.audit_transactions IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await?;
    let response = call(&with_short_timeout(&pool), &format!("/audit/transactions/{}", Uuid::nil())).await?;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key(header::RETRY_AFTER));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn problem_page_names_the_request_id(pool: PgPool) -> Result {
    seeded(&pool).await?;
    for (access, status) in [(Access::Allow, StatusCode::NOT_FOUND), (Access::Deny, StatusCode::FORBIDDEN)] {
        let request =
            Request::builder().uri("/audit/nowhere").header("x-request-id", "req-<b>7").body(Body::empty())?;
        let response = mounted(&pool, access).oneshot(request).await?;
        assert_eq!(response.status(), status);
        let body = String::from_utf8(response.into_body().collect().await?.to_bytes().to_vec())?;
        let mention = body.split("If you ask for help, mention: ").nth(1).ok_or("nothing to mention")?;
        assert!(mention.contains("UTC</time>") && mention.contains("req-&lt;b&gt;7"), "{mention}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn transaction_without_an_actor_shows_its_session(pool: PgPool) -> Result {
    seeded(&pool).await?;
    sqlx::raw_sql(
        "BEGIN; SET LOCAL application_name = 'nightly <b>'; INSERT INTO tickets VALUES (1, 'one'); COMMIT",
    )
    .execute(&pool)
    .await?;
    let (role, id): (String, String) =
        sqlx::query_as("SELECT session_user::text, id::text FROM threadline.audit_transactions")
            .fetch_one(&pool)
            .await?;
    let app = mounted(&pool, Access::Allow);
    let (status, body) = get(&app, &format!("/audit/transactions/{id}")).await?;
    assert_eq!(status, StatusCode::OK);
    let heading = words(part(&body, "<h1", "</h1>"));
    let expected = format!("not signed by the application: role {role}, nightly &lt;b&gt; · no action named");
    assert_eq!(heading, expected, "{body}");
    assert!(!body.contains("Metadata"), "the session is told twice: {body}");
    let (_, body) = get(&app, "/audit/timeline?table=tickets").await?;
    let about = words(part(&body, "<p class=\"about\"", "</p>"));
    let expected =
        format!("not signed by the application: role {role}, nightly &lt;b&gt; · no action named · ");
    assert!(about.starts_with(&expected), "{about}");

    let context = context("case-1")?;
    let id =
        write(AuditTrail::new(pool.clone()).write(&context), "INSERT INTO tickets VALUES (2, 'two')").await?;
    let (_, body) = get(&app, &format!("/audit/transactions/{id}")).await?;
    assert!(!words(part(&body, "<h1", "</h1>")).contains("session"), "{body}");
    Ok(())
}
