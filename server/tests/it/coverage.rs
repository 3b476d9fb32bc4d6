//! The coverage page, the pill in the header, and who sees them.

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use sqlx::PgPool;
use threadline::{AuditTrail, Config, Scope};
use threadline_app::ROUTES;
use threadline_server::{Access, AccessRequest, ConsoleAction};
use threadline_testkit::database::trail;
use tower::ServiceExt;

use crate::support::{Result, checked, finished, get, mounted, without_timeouts};

const HOSTILE: &str = "</td><script>alert(1)</script>";

/// Seeds three tables: the first is captured, the second is not, and the third is left out on purpose.
async fn seeded(pool: &PgPool) -> Result<AuditTrail> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE tickets (id bigint PRIMARY KEY, subject text); CREATE TABLE secrets (id bigint PRIMARY KEY);
         CREATE TABLE schema_migrations (version text); CREATE SCHEMA billing; CREATE TABLE billing.invoices (id int PRIMARY KEY)",
    )
    .execute(pool)
    .await?;
    trail.capture(["tickets", "billing.invoices"]).await?;
    Ok(trail)
}

/// Returns a console whose hook grants this access, but only these of the global actions.
fn with(pool: &PgPool, access: Access, apart: &'static [ConsoleAction]) -> Router {
    let console = finished(
        without_timeouts(trail(pool))
            .authorize_fn(move |AccessRequest { action, .. }: AccessRequest| {
                let refused = ConsoleAction::GLOBAL.contains(&action) && !apart.contains(&action);
                let access = if refused { Access::Deny } else { access.clone() };
                async move { Ok::<_, std::io::Error>(access) }
            })
            .actor_fn(|_| async { None }),
    );
    Router::new().nest("/audit", console.into_router())
}

async fn run(pool: &PgPool, sql: &str) -> Result {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(pool).await?;
    Ok(())
}

async fn check(app: &Router, form: &'static str, origin: &str) -> Result<Response<Body>> {
    let request = Request::post("/audit/coverage")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::HOST, "audit.example")
        .header(header::ORIGIN, origin);
    Ok(app.clone().oneshot(request.body(Body::from(form))?).await?)
}

async fn pill(app: &Router) -> Result<serde_json::Value> {
    let request = Request::get("/audit/api/coverage").header(header::ACCEPT, "application/json");
    let response = app.clone().oneshot(request.body(Body::empty())?).await?;
    assert_eq!(response.headers().get(header::CACHE_CONTROL).ok_or("no cache control")?, "no-store");
    Ok(serde_json::from_slice(&response.into_body().collect().await?.to_bytes())?)
}

const HERE: &str = "http://audit.example";

/// Returns the text from the heading of a section to its end.
fn part<'a>(body: &'a str, id: &str) -> &'a str {
    let rest = body.split(&format!("<section id=\"{id}\"")).nth(1).unwrap_or_default();
    rest.split("</section>").next().unwrap_or_default()
}

#[sqlx::test(migrations = false)]
async fn coverage_page_groups_tables_by_status(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let hostile = format!("CREATE TABLE \"{HOSTILE}\" (id int PRIMARY KEY)");
    sqlx::raw_sql(sqlx::AssertSqlSafe(hostile)).execute(&pool).await?;
    let app = checked(mounted(&pool, Access::Allow)).await?;
    let (status, body) = get(&app, "/audit/coverage").await?;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("<h1>2 tables need capture</h1>"), "{body}");
    let needs = part(&body, "coverage-needs");
    assert!(needs.contains("<code>threadline gen triggers --tables secrets --apply</code>"), "{needs}");
    assert!(needs.contains("&lt;script&gt;") && !body.contains("<script>alert"), "{needs}");
    let captured = part(&body, "coverage-captured");
    assert!(captured.contains("tickets") && captured.contains("billing.invoices"), "{captured}");
    assert!(captured.contains("href=\"/audit/timeline?table=tickets\""), "{captured}");
    assert!(!captured.contains("secrets"), "{captured}");
    let expected = part(&body, "coverage-expected");
    assert!(
        expected.contains("schema_migrations") && expected.contains("written by migrations"),
        "{expected}"
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn finding_is_shown_with_meaning_and_command(pool: PgPool) -> Result {
    seeded(&pool).await?;
    sqlx::raw_sql("ALTER TABLE tickets DISABLE TRIGGER ALL; ALTER TABLE billing.invoices ADD note text")
        .execute(&pool)
        .await?;
    let (_, body) = get(&checked(mounted(&pool, Access::Allow)).await?, "/audit/coverage").await?;
    let needs = part(&body, "coverage-needs");
    assert!(needs.contains("data-code=\"capture_trigger_disabled\""), "{needs}");
    assert!(needs.contains("<code>ALTER TABLE \"public\".\"tickets\" ENABLE TRIGGER "), "{needs}");
    assert!(needs.contains("A trigger is disabled, or fires for replicated writes only."), "{needs}");
    let findings = part(&body, "coverage-findings");
    assert!(findings.contains("data-code=\"column_added\""), "{findings}");
    assert!(findings.contains("billing.invoices") && !findings.contains("; run "), "{findings}");
    assert!(!findings.contains("capture_trigger_disabled"), "it stands with its table: {findings}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn schema_filter_shows_one_schema_and_rejects_an_unknown_one(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = checked(mounted(&pool, Access::Allow)).await?;
    let (status, body) = get(&app, "/audit/coverage?schema=billing").await?;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("<h1>All tables captured</h1>"), "{body}");
    assert!(!body.contains("tickets") && body.contains("value=\"billing\" selected"), "{body}");
    // The header concerns every schema.
    assert!(body.contains("1 table needs capture"), "{body}");
    for (query, expected) in [("schema=nowhere", "one of billing, public"), ("tabel=x", "schema alone")] {
        let (status, body) = get(&app, &format!("/audit/coverage?{query}")).await?;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(body.contains(expected) && !body.contains("tickets"), "{query}: {body}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn pill_is_on_every_page_if_coverage_is_granted(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let allowed = checked(with(&pool, Access::Allow, &ConsoleAction::GLOBAL)).await?;
    let refused = with(&pool, Access::Allow, &[]);
    let limited = mounted(&pool, Access::AllowWithin(Scope::tables(["tickets"])));
    let drawn = ROUTES.iter().filter(|route| route.is_page()).map(|route| route.path);
    for path in drawn.chain(["/nowhere", "/timeline?from=x"]) {
        let path = if path == "/timeline" { "/timeline?from=" } else { path };
        let path = path.replace("{kind}", "user").replace("{table}", "tickets").replace("{key}", "id%3D1");
        let path = path.replace("{id}", "0193c2aa-0000-7000-8000-00000000008d");
        let address = format!("/audit{}", path.trim_end_matches('/'));
        let (_, body) = get(&allowed, &address).await?;
        assert!(body.contains("<a href=\"/audit/coverage\" data-state=\"needs-capture\" class=\"pill\">1 table needs capture</a>"), "{address}: {body}");
        for app in [&refused, &limited] {
            let (_, body) = get(app, &address).await?;
            assert!(!body.contains("pill") && !body.contains("secrets"), "{address}: {body}");
            assert!(!body.contains("href=\"/audit/coverage\""), "{address}: {body}");
            assert!(!body.contains("href=\"/audit/policy/redaction\""), "{address}: {body}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn global_action_is_denied_without_allow(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let screens = [
        (ConsoleAction::ViewCoverage, "/audit/coverage", "threadline health coverage --all-schemas"),
        (ConsoleAction::ViewPolicy, "/audit/policy/redaction", "threadline policy show --all-schemas"),
    ];
    for (granted, allowed) in [
        (&[ConsoleAction::ViewCoverage], ConsoleAction::ViewCoverage),
        (&[ConsoleAction::ViewPolicy], ConsoleAction::ViewPolicy),
    ] {
        let app = with(&pool, Access::Allow, granted);
        for (action, address, command) in screens {
            let (status, body) = get(&app, address).await?;
            let expected = if action == allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(status, expected, "{granted:?}: {address}");
            assert!(body.contains(command), "{address}: {body}");
            assert_eq!(body.contains("tickets"), action == allowed, "{address}: {body}");
        }
    }
    // A scope denies these pages, because they name every table.
    let limited = mounted(&pool, Access::AllowWithin(Scope::tables(["tickets"])));
    for (_, address, command) in screens {
        let (status, body) = get(&limited, address).await?;
        assert_eq!(status, StatusCode::FORBIDDEN, "{address}");
        assert!(body.contains(command) && !body.contains("secrets"), "{address}: {body}");
    }
    assert_eq!(get(&limited, "/audit/api/coverage").await?.0, StatusCode::FORBIDDEN);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn check_now_finds_and_records_a_new_gap(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    trail.capture(["secrets"]).await?;
    let app = mounted(&pool, Access::Allow);
    assert_eq!(pill(&app).await?["uncovered"], 0);
    sqlx::raw_sql("ALTER TABLE secrets DISABLE TRIGGER ALL").execute(&pool).await?;
    assert_eq!(pill(&app).await?["uncovered"], 0, "no check is due");

    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let response = check(&app, "schema=public", HERE).await?;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        response.headers().get(header::LOCATION).ok_or("no location")?,
        "/audit/coverage?schema=public"
    );
    assert_eq!(pill(&app).await?["uncovered"], 1);
    let (_, body) = get(&app, "/audit/coverage").await?;
    let past = part(&body, "coverage-past");
    assert!(past.contains("secrets") && past.contains("not yet"), "{past}");

    sqlx::raw_sql("ALTER TABLE secrets ENABLE TRIGGER ALL").execute(&pool).await?;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(check(&app, "", HERE).await?.status(), StatusCode::SEE_OTHER);
    let (_, body) = get(&app, "/audit/coverage").await?;
    assert!(body.contains("<h1>All tables captured</h1>"), "{body}");
    let past = part(&body, "coverage-past");
    assert!(past.contains("The table needed capture.") && !past.contains("not yet"), "{past}");

    assert_eq!(check(&app, "", "http://elsewhere.example").await?.status(), StatusCode::FORBIDDEN);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn failed_check_keeps_the_last_result_with_its_age(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    assert_eq!(pill(&app).await?["is_stale"], false);
    pool.close().await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    check(&app, "", HERE).await?;
    let now = pill(&app).await?;
    assert_eq!((&now["is_stale"], &now["uncovered"]), (&true.into(), &1.into()));
    for address in ["/audit/coverage", "/audit/policy/redaction"] {
        let (status, body) = get(&app, address).await?;
        assert_eq!(status, StatusCode::OK, "{address}");
        assert!(
            body.contains("<b>Stale. </b>") && body.contains("could not be reached"),
            "{address}: {body}"
        );
        assert!(body.contains("tickets") && body.contains("stale, checked"), "{address}: {body}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn coverage_page_before_the_first_check_says_so(pool: PgPool) -> Result {
    let app = mounted(&pool, Access::Allow);
    let now = pill(&app).await?;
    assert_eq!((&now["is_stale"], &now["uncovered"]), (&true.into(), &serde_json::Value::Null));
    let (status, body) = get(&app, "/audit/coverage").await?;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("<h1>Coverage has not been checked</h1>"), "{body}");
    assert!(
        body.contains("holds no audit trail") && body.contains("<code>threadline install</code>"),
        "{body}"
    );
    assert!(body.contains("Coverage unknown"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn check_that_cannot_be_recorded_is_shown_with_the_reason(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let reader = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
    for (session, harm, reason) in [
        ("SET default_transaction_read_only = on".to_owned(), "", "it is a standby or read-only"),
        (
            format!("SET ROLE {reader}"),
            "GRANT USAGE ON SCHEMA threadline TO $reader",
            "may not write the table threadline_coverage_gaps",
        ),
        (
            String::new(),
            "ALTER TABLE threadline.threadline_coverage_gaps REPLICA IDENTITY NOTHING;
             CREATE PUBLICATION everything FOR ALL TABLES",
            "published without a replica identity",
        ),
        (String::new(), "DROP TABLE threadline.threadline_coverage_gaps", "missing: run threadline install"),
    ] {
        if session.contains(&reader) {
            run(&pool, &format!("CREATE ROLE {reader}")).await?;
        }
        run(&pool, &harm.replace("$reader", &reader)).await?;
        let sessions = sqlx::postgres::PgPoolOptions::new()
            .after_connect(move |connection, _| {
                let session = sqlx::AssertSqlSafe(session.clone());
                Box::pin(async move { sqlx::raw_sql(session).execute(connection).await.map(|_| ()) })
            })
            .connect_with((*pool.connect_options()).clone())
            .await?;
        let (status, body) = get(&mounted(&sessions, Access::Allow), "/audit/coverage").await?;
        sessions.close().await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("<h1>1 table needs capture</h1>"), "{body}");
        let notice = body.split("are not recorded.").nth(1).ok_or("no notice")?;
        assert!(
            notice.split("</p>").next().is_some_and(|notice| notice.contains(reason)),
            "{reason}: {notice}"
        );
    }
    run(&pool, &format!("DROP OWNED BY {reader}; DROP ROLE {reader}")).await
}

#[sqlx::test(migrations = false)]
async fn expected_gaps_come_from_the_configuration(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let config = Config::from_toml("[health]\nexpected_uncovered_tables = [\"secrets\"]")?;
    let console = without_timeouts(trail(&pool))
        .config(config)
        .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
        .actor_fn(|_| async { None })
        .build()?;
    let app = checked(Router::new().nest("/audit", console.into_router())).await?;
    let (_, body) = get(&app, "/audit/coverage").await?;
    assert!(body.contains("<h1>All tables captured</h1>"), "{body}");
    assert!(part(&body, "coverage-expected").contains("listed in threadline.toml"), "{body}");
    Ok(())
}
